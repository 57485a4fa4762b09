//! Somebody who goes through the pages without a browser: what each weighs with its files, and how long it takes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};

/// Pages of one person that are looked at, at most.
const PAGES_MAX: usize = 100;
/// Longest wait for a page that opens anew by itself.
const PATIENCE: Duration = Duration::from_mins(5);
/// Redirects that are followed.
const HOPS_MAX: usize = 3;

/// A page as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its address, after redirects.
    pub path: String,
    /// The document's bytes.
    pub bytes: usize,
    /// With style, scripts and pictures that it loads, each once.
    pub bytes_with_files: usize,
    /// How long the first answer took.
    pub first: Duration,
}

/// Somebody who is signed in.
#[derive(Debug)]
pub struct Visitor {
    http: reqwest::Client,
    base: String,
    cookie: String,
    /// Sizes of files, and the files that they load.
    files: BTreeMap<String, (usize, Vec<String>)>,
}

impl Visitor {
    /// The people that the trial network's sign-in offers.
    pub async fn people(base: &str) -> anyhow::Result<Vec<String>> {
        let page = client()?.get(format!("{base}/signin")).header(ACCEPT, "text/html").send().await?.text().await?;
        let people: Vec<String> = page.split("name=\"person\" value=\"").skip(1).filter_map(quoted).collect();
        ensure!(!people.is_empty(), "the sign-in offers nobody");
        Ok(people)
    }

    /// Becomes one of them.
    pub async fn enter(base: &str, person: &str) -> anyhow::Result<Self> {
        let http = client()?;
        let request =
            http.post(format!("{base}/signin/as")).header(ORIGIN, base).header("Sec-Fetch-Site", "same-origin");
        let form = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(format!("person={person}"));
        let answer = form.send().await?;
        let cookies = answer.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let cookie = cookies.filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ");
        ensure!(!cookie.is_empty(), "{person} did not come in: {}", answer.status());
        Ok(Self { http, base: base.to_owned(), cookie, files: BTreeMap::new() })
    }

    /// Every kind of page that links lead to, from the start on: of those that differ in names and values alone, one. With them, what
    /// does not open.
    pub async fn pages(&mut self) -> anyhow::Result<(Vec<Seen>, Vec<String>)> {
        let mut waiting = VecDeque::from(["/".to_owned()]);
        let (mut kinds, mut seen, mut broken) = (BTreeSet::new(), Vec::new(), Vec::new());
        while let Some(path) = waiting.pop_front() {
            if !kinds.insert(kind(&path)) || seen.len() >= PAGES_MAX {
                continue;
            }
            let begun = Instant::now();
            let answer = self.document(&path).await;
            let first = begun.elapsed();
            let answer = match answer {
                Ok(answer) => self.made(answer).await?,
                Err(error) => {
                    broken.push(error.to_string());
                    continue;
                }
            };
            let Answer { path, page: Some(document), .. } = answer else { continue };
            kinds.insert(kind(&path));
            waiting.extend(links(&document, "href=\"/desk").into_iter().map(|link| format!("/desk{link}")));
            let bytes_with_files = document.len() + self.files_of(&document).await?;
            seen.push(Seen { path, bytes: document.len(), bytes_with_files, first });
        }
        Ok((seen, broken))
    }

    /// The page itself, once it is made.
    async fn made(&self, mut answer: Answer) -> anyhow::Result<Answer> {
        let begun = Instant::now();
        while answer.comes_again {
            ensure!(begun.elapsed() < PATIENCE, "{} opens anew without an end", answer.path);
            tokio::time::sleep(Duration::from_millis(500)).await;
            answer = self.document(&answer.path).await?;
        }
        Ok(answer)
    }

    /// How long a page takes.
    pub async fn time(&self, path: &str) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.document(path).await?;
        Ok(begun.elapsed())
    }

    async fn document(&self, path: &str) -> anyhow::Result<Answer> {
        let mut path = path.to_owned();
        for _ in 0..HOPS_MAX {
            let request = self.http.get(format!("{}{path}", self.base)).header(COOKIE, &self.cookie);
            let answer = request.header(ACCEPT, "text/html").send().await?;
            if let Some(next) = answer.headers().get(LOCATION) {
                path = next.to_str()?.to_owned();
                continue;
            }
            ensure!(answer.status().is_success(), "{path}: {}", answer.status());
            let media = answer.headers().get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
            let is_page = media.starts_with("text/html");
            let comes_again = answer.headers().contains_key("refresh");
            let text = answer.bytes().await?;
            let page = is_page.then(|| String::from_utf8_lossy(&text).into_owned());
            return Ok(Answer { path, page, comes_again });
        }
        bail!("{path}: sent on and on")
    }

    async fn files_of(&mut self, document: &str) -> anyhow::Result<usize> {
        let language = document.split("<html lang=\"").nth(1).and_then(quoted).unwrap_or_default();
        let mut waiting: Vec<String> = ["href=\"/assets", "src=\"/assets"]
            .iter()
            .flat_map(|start| links(document, start))
            .map(|link| format!("/assets{link}"))
            .collect();
        let (mut counted, mut sum) = (BTreeSet::new(), 0);
        while let Some(path) = waiting.pop() {
            if !counted.insert(path.clone()) {
                continue;
            }
            if !self.files.contains_key(&path) {
                let answer = self.http.get(format!("{}{path}", self.base)).send().await?;
                ensure!(answer.status().is_success(), "{path}: {}", answer.status());
                let text = answer.text().await?;
                let loaded = modules(&path, &text, &language);
                self.files.insert(path.clone(), (text.len(), loaded));
            }
            let (bytes, loaded) = &self.files[&path];
            sum += bytes;
            waiting.extend(loaded.iter().cloned());
        }
        Ok(sum)
    }
}

/// What came, after redirects.
struct Answer {
    path: String,
    /// No text of what is no page, such as a table to download.
    page: Option<String>,
    /// Whether it is to be asked for again, because it is not made yet.
    comes_again: bool,
}

fn client() -> anyhow::Result<reqwest::Client> {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    Ok(builder.timeout(Duration::from_mins(1)).build()?)
}

fn quoted(rest: &str) -> Option<String> {
    rest.split('"').next().map(str::to_owned)
}

/// What follows a start up to the quote.
fn links(document: &str, start: &str) -> Vec<String> {
    document.split(start).skip(1).filter_map(quoted).map(|link| link.replace("&amp;", "&")).collect()
}

/// The modules that a script loads, in the page's language.
fn modules(path: &str, script: &str, language: &str) -> Vec<String> {
    if Path::new(path).extension().is_none_or(|kind| kind != "js") {
        return Vec::new();
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let named =
        ["from \"./", "import \"./", "import(`./", "import(\"./"].iter().flat_map(|start| script.split(start).skip(1));
    let files = named.filter_map(|rest| rest.split(['"', '`']).next());
    files.map(|name| format!("{folder}/{}", spoken(name, language))).collect()
}

/// A name with the page's language for what a script puts into it: names of files have nothing else put in.
fn spoken(name: &str, language: &str) -> String {
    let parts = name.split_once("${").and_then(|(start, rest)| Some((start, rest.split_once('}')?.1)));
    parts.map_or_else(|| name.to_owned(), |(start, end)| format!("{start}{language}{end}"))
}

/// An address without what names one thing among others of its kind.
fn kind(path: &str) -> String {
    let path = path.split('#').next().unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let name = |part: &str| {
        let is_name = part.len() > 20 || part.contains(|letter: char| letter.is_ascii_digit() || !letter.is_ascii());
        if is_name { "…".to_owned() } else { part.to_owned() }
    };
    let path: Vec<String> = path.split('/').map(name).collect();
    let keys: BTreeSet<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    format!("{}?{}", path.join("/"), keys.into_iter().collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_one_kind_are_one() {
        assert_eq!(kind("/desk/cases/0a1b?state=open#why"), kind("/desk/cases/ff00?state=closed"));
        assert_ne!(kind("/desk/cases"), kind("/desk/cases?page=2"));
        assert_ne!(kind("/desk/cases"), kind("/desk/stock"));
    }

    #[test]
    fn modules_are_found_in_every_form() {
        let script = "import { a } from \"./node.js\";\nimport \"./b.js\";\nawait import(`./words-${language}.js`);";
        let found = modules("/assets/1/desk.js", script, "de");
        assert_eq!(found, ["/assets/1/node.js", "/assets/1/b.js", "/assets/1/words-de.js"]);
        assert!(modules("/assets/1/style.css", script, "de").is_empty());
    }
}
