//! The stock keeper's whole job.

use anyhow::{Context as _, ensure};
use thirtyfour::Key;
use veridose_tests::{Browser, PHARMACIES, Trial, fill_shelves, product};

const READY: &str =
    "'ready' in document.documentElement.dataset && document.querySelector('.heat, .fan, #orders') !== null";

/// A trial whose two pharmacies have traded for a hundred days, all of it in the lake.
async fn traded() -> anyhow::Result<Trial> {
    let trial = Trial::start().await?;
    let station = trial.member("pharmacy", "station-pharmacy")?;
    fill_shelves(&trial.maker()?, [&trial.harbour()?, &station]).await?;
    trial.agency()?.has_run("lake").await?;
    Ok(trial)
}

/// Goes to a page of the desk, which opens anew by itself until there is an outlook.
async fn open(browser: &Browser, path: &str) -> anyhow::Result<()> {
    browser.go(path).await?;
    browser.wait(READY).await
}

/// What a download would be: the form as it stands, sent by the page itself.
async fn downloaded(browser: &Browser) -> anyhow::Result<String> {
    let send = "const done = arguments[arguments.length - 1];
        const form = document.querySelector('#orders');
        fetch('/desk/stock/orders.csv', {method: 'POST', body: new URLSearchParams(new FormData(form))})
            .then(async (answer) => done([answer.status, answer.headers.get('content-disposition') ?? '', await answer.text()]));";
    let answer = browser.driver().execute_async(send, Vec::new()).await?;
    let answer = answer.json();
    ensure!(answer[0] == 200, "{answer}");
    Ok(format!("{}\n{}", answer[1].as_str().unwrap_or_default(), answer[2].as_str().unwrap_or_default()))
}

#[tokio::test]
async fn a_stock_keeper_sees_what_runs_out_and_orders() -> anyhow::Result<()> {
    let trial = traded().await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    open(&browser, "/desk/stock").await?;
    browser.check("heat map of one place").await?;
    browser.picture("stock-own").await?;
    // What is empty comes first; each cell has a number and a sign.
    let first = browser.find(".heat tbody tr:first-child td a").await?;
    let said = first.text().await?;
    ensure!(said.contains('✕') && said.contains('%'), "{said}");
    ensure!(browser.value("document.querySelectorAll('.heat tbody tr').length").await? == 6);
    let text = browser.value("document.querySelector('main').innerText").await?.to_string();
    ensure!(!text.contains("Station"), "others' shelves are theirs");
    // By filter and order, with the keyboard.
    browser.find("#sort option[value=cover]").await?.click().await?;
    let search = browser.find("#q").await?;
    search.send_keys(product(3)).await?;
    search.send_keys(Key::Enter + "").await?;
    browser.wait("document.querySelectorAll('.heat tbody tr').length === 1").await?;
    ensure!(browser.value("location.search").await?.as_str().is_some_and(|query| query.contains("sort=cover")));
    // One product: its fan, the same numbers as a table, the draft.
    browser.find(".heat tbody td a").await?.click().await?;
    browser.wait("document.querySelector('svg.fan polygon.band95') !== null").await?;
    browser.check("a shelf").await?;
    browser.picture("stock-shelf").await?;
    ensure!(
        browser.value("document.querySelectorAll('table.numbers')[0].querySelectorAll('tbody tr').length").await? == 14
    );
    ensure!(browser.value("document.querySelectorAll('svg.fan [style]').length").await? == 0);

    // Draft orders: one is changed, one is left out, and the table has it so.
    open(&browser, "/desk/stock/orders").await?;
    browser.check("orders").await?;
    let count = browser.value("document.querySelectorAll('input.packs').length").await?;
    ensure!(count.as_u64().is_some_and(|count| count >= 2), "{count} orders");
    let names = browser.value("[...document.querySelectorAll('input.packs')].map((field) => field.name)").await?;
    let field = |at: usize| format!("input[name='{}']", names[at].as_str().unwrap_or_default());
    for (at, packs) in [(0, "77"), (1, "0")] {
        let field = browser.find(&field(at)).await?;
        field.clear().await?;
        field.send_keys(packs).await?;
    }
    browser.picture("stock-orders").await?;
    let table = downloaded(&browser).await?;
    ensure!(table.starts_with("attachment; filename=\"orders.csv\""), "{table}");
    let of = |at: usize| names[at].as_str().and_then(|name| name.split(' ').nth(1)).unwrap_or_default().to_owned();
    let line = table.lines().find(|line| line.starts_with(&of(0))).context("the order is in the table")?;
    ensure!(line.contains(",77,"), "{line}");
    ensure!(!table.lines().any(|line| line.starts_with(&of(1))), "{table}");
    // The button itself downloads and stays on the page; a way back and a page loaded anew lose nothing.
    browser.driver().refresh().await?;
    browser.wait(READY).await?;
    ensure!(browser.find(&field(0)).await?.prop("value").await?.as_deref() == Some("77"));
    let wide = "document.querySelector('#orders .primary').click()";
    browser.driver().execute(wide, Vec::new()).await?;
    browser.wait("location.pathname === '/desk/stock/orders'").await?;
    // Rubbish is told where it is, and nothing typed is lost.
    let typed = browser.find(&field(0)).await?;
    typed.clear().await?;
    typed.send_keys("12 or so").await?;
    let send = "const form = document.querySelector('#orders'); form.noValidate = true; form.querySelector('.primary').click();";
    browser.driver().execute(send, Vec::new()).await?;
    browser.wait("document.querySelector('[aria-invalid]') !== null").await?;
    ensure!(browser.value("document.querySelector('[aria-invalid]').value").await? == "12 or so");
    browser.check("a wrong number").await?;
    browser.picture("stock-orders-wrong").await?;

    // Addresses that somebody made up.
    for path in ["/desk/stock/shelf?gtin=1&place=x", "/desk/stock/products", "/desk/stock/shelf"] {
        browser.go(path).await?;
        browser.wait("document.querySelector('h1') !== null").await?;
        ensure!(browser.value("document.querySelector('svg.fan, .heat') === null").await? == true, "{path}");
    }
    let made_up = "/desk/stock?from=-1&column=99999&risk=abc&sort=%00&q=%3Cscript%3E";
    browser.go(made_up).await?;
    browser.wait("document.body.innerText.includes('Nothing is like that')").await?;
    ensure!(browser.stayed_home().await? > 10);
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}

#[tokio::test]
async fn a_regulator_sees_the_stock_of_all_in_german_dark_and_narrow() -> anyhow::Result<()> {
    let trial = traded().await?;
    let browser = Browser::open(trial.server.base(), "de").await?;
    browser.go("/signin").await?;
    browser.find("button[name=person][value=inspector]").await?.click().await?;
    browser.wait("location.pathname !== '/signin'").await?;
    open(&browser, "/desk/stock").await?;
    ensure!(browser.value("document.querySelectorAll('.heat thead th').length").await? == 3, "two places");
    let text = browser.value("document.querySelector('main').innerText").await?.to_string();
    ensure!(
        text.contains("Harbour Pharmacy") && text.contains("Station Pharmacy") && text.contains("\u{a0}%"),
        "{text}"
    );
    for (dark, width, name) in
        [(false, 1280, "light"), (true, 1280, "dark"), (true, 360, "dark-360"), (false, 360, "360")]
    {
        browser.dark(dark).await?;
        browser.size(width, 900).await?;
        browser.check(name).await?;
        browser.picture(&format!("stock-german-{name}")).await?;
    }
    // Where there is plenty elsewhere, and it would expire there.
    let place = PHARMACIES[1].replace(':', "%3A").replace('/', "%2F");
    open(&browser, &format!("/desk/stock/shelf?gtin={}&place={place}", product(4))).await?;
    let text = browser.value("document.querySelector('main').innerText").await?.to_string();
    ensure!(text.contains("Harbour Pharmacy") && text.contains('⚠'), "{text}");
    for (dark, width, name) in [(false, 1280, "light"), (true, 1280, "dark"), (false, 360, "360")] {
        browser.dark(dark).await?;
        browser.size(width, 900).await?;
        browser.check(name).await?;
        browser.picture(&format!("stock-german-shelf-{name}")).await?;
    }
    for (path, name) in [("/desk/stock/products", "products"), ("/desk/stock/orders", "orders")] {
        browser.size(1280, 900).await?;
        browser.go(path).await?;
        browser.wait("document.querySelector('table.numbers') !== null").await?;
        browser.check(name).await?;
        browser.picture(&format!("stock-german-{name}")).await?;
        browser.size(360, 900).await?;
        browser.check(name).await?;
        browser.picture(&format!("stock-german-{name}-360")).await?;
    }
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}

#[tokio::test]
async fn whoever_has_no_shelves_is_told_so() -> anyhow::Result<()> {
    let trial = traded().await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.go("/signin").await?;
    browser.find("button[name=person][value=wholesaler]").await?.click().await?;
    browser.wait("location.pathname !== '/signin'").await?;
    browser.go("/desk/stock").await?;
    browser.wait("document.body.innerText.includes('Nothing to foresee')").await?;
    browser.check("no shelves").await?;
    // A session that ends while somebody types: what was typed is there after the next sign-in.
    browser.go("/signin").await?;
    browser.find("button[name=person][value=pharmacist]").await?.click().await?;
    browser.wait("location.pathname === '/desk/counter'").await?;
    open(&browser, "/desk/stock/orders").await?;
    let field = browser.find("input.packs").await?;
    field.clear().await?;
    field.send_keys("55").await?;
    browser.driver().delete_cookie("veridose").await?;
    browser.find("#orders .primary").await?.click().await?;
    browser.wait("document.querySelector('#orders') === null").await?;
    browser.go("/signin?next=/desk/stock/orders").await?;
    browser.find("button[name=person][value=pharmacist]").await?.click().await?;
    browser.wait(READY).await?;
    ensure!(browser.find("input.packs").await?.prop("value").await?.as_deref() == Some("55"));
    browser.close().await
}
