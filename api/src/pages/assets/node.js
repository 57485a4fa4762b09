// Talks to the node with the session's cookie: who is signed in, and one way to send.

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";

// A page that the worker kept may be older than the session.
export const session = { csrf: meta("csrf"), account: meta("account") };

// Longest wait for an answer, in seconds. A node that is gone and one that hangs are the same to who waits.
const PATIENCE_S = 8;

// Counted in the page's own turns: one that was busy does not take its own delay for the network's.
function patience() {
  const controller = new AbortController();
  let left = PATIENCE_S;
  const timer = setInterval(() => {
    left -= 1;
    if (left === 0) controller.abort();
  }, 1000);
  return { signal: controller.signal, end: () => clearInterval(timer) };
}

export class Offline extends Error {}

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? String(status));
    this.status = status;
    this.code = problem.code ?? "";
    this.detail = problem.detail ?? "";
    this.field = problem.field ?? "";
  }
}

// Asks once. Throws Offline where no answer comes, and Refused where the answer is a problem.
async function once(method, path, body, headers) {
  const waiting = patience();
  let response;
  try {
    const answer = await fetch(path, {
      method,
      headers: {
        Accept: "application/json, application/problem+json",
        "X-CSRF-Token": session.csrf,
        ...(body === undefined ? {} : { "Content-Type": typeof body === "string" ? "text/plain" : "application/json" }),
        ...headers,
      },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: waiting.signal,
    });
    // Read here, so that one that breaks off is none.
    const content = await answer.arrayBuffer();
    response = new Response(content.byteLength > 0 ? content : null, answer);
  } catch {
    throw new Offline();
  } finally {
    waiting.end();
  }
  if (response.ok) return response;
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // Not one of the node's own answers.
  }
  if (response.status >= 502 && problem.code === undefined) throw new Offline();
  throw new Refused(response.status, problem);
}

// Asks, and once more with the session's present value where the page's was that of an earlier one.
export async function ask(method, path, body, headers = {}) {
  try {
    return await once(method, path, body, headers);
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "foreign_request") throw error;
    await refresh();
    return once(method, path, body, headers);
  }
}

// Learns who is signed in now.
export async function refresh() {
  Object.assign(session, await (await once("GET", "/desk/session")).json());
  for (const field of document.querySelectorAll('input[name="csrf"]')) field.value = session.csrf;
}
