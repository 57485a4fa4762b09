// Checks a receipt of the ledger where it is shown: with the browser's own cryptography, and nothing that the node says of itself
// but its log's public key.
//
// `check(receipt, key, { certificate, name })` takes the receipt as `GET /receipts/{tx}` gives it, the log's verifier key
// (`GET /log/key`), and maybe the creator's certificate (DER) and the name of a pack, `(01)GTIN(21)SERIAL`. It answers
// `{ holds, steps, ... }`: each step is `{ step, holds, why }`, where `holds` is true, false, or null for what this browser cannot check.

// What can be checked, in this order.
export const STEPS = ["checkpoint", "inclusion", "transaction", "signature", "name"];

// Browsers give their cryptography to pages over HTTPS, or from this machine, only.
export const canCheck = () => globalThis.crypto?.subtle !== undefined;

const ED25519 = 1;
const PROOF_FORM = "c2sp.org/tlog-proof@v1";
const HEADER_BYTES = 105;
const SIGNATURE_BYTES = 64;
const DOMAIN = "veridose transaction 1\n";

// A step that fails, and why.
class Broken extends Error {}
// A step that this browser cannot do.
class Unable extends Error {}

export async function check(receipt, key, { certificate, name } = {}) {
  const told = { steps: [] };
  const step = async (name, work) => {
    try {
      await work();
      told.steps.push({ step: name, holds: true, why: "" });
    } catch (error) {
      told.steps.push({ step: name, holds: error instanceof Unable ? null : false, why: error.message });
    }
  };
  await step("checkpoint", async () => Object.assign(told, await checkpointOf(proofOf(receipt).checkpoint, key)));
  await step("inclusion", async () => {
    const proof = proofOf(receipt);
    const { size, root } = readCheckpoint(proof.checkpoint);
    told.index = proof.index;
    if (!(await isIncluded(await leafHash(base64(receipt.entry)), proof.index, size, proof.path, root))) {
      throw new Broken("the path does not lead from the entry to the root");
    }
  });
  await step("transaction", async () => Object.assign(told, await transactionOf(receipt)));
  if (certificate) await step("signature", () => checkSignature(receipt, certificate));
  if (name) await step("name", () => checkName(receipt, name));
  told.holds = told.steps.every(({ holds }) => holds === true);
  return told;
}

// The checkpoint: a note that the log's key signed (C2SP tlog-checkpoint, signed-note)

export async function checkpointOf(note, key) {
  const { origin, size, root, text, signatures } = readCheckpoint(note);
  const verifier = await readKey(key);
  if (verifier.origin !== origin) throw new Broken(`it is of the log ${origin}`);
  const own = signatures.find((signature) => signature.name === origin && hex(signature.id) === verifier.id);
  if (!own) throw new Broken("the log's key has not signed it");
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", verifier.public, "Ed25519", false, ["verify"]);
  } catch {
    throw new Unable("this browser has no Ed25519");
  }
  if (!(await crypto.subtle.verify("Ed25519", imported, own.signature, utf8(text)))) {
    throw new Broken("the signature is not over this checkpoint");
  }
  return { origin, size, root: hex(root), witnesses: signatures.filter((other) => other !== own).map(({ name }) => name) };
}

function readCheckpoint(note) {
  const end = note.lastIndexOf("\n\n");
  if (end < 0) throw new Broken("it is no signed note");
  const [text, rest] = [note.slice(0, end + 1), note.slice(end + 2)];
  const [origin, digits, hash] = text.split("\n");
  if (!/^(0|[1-9][0-9]{0,18})$/.test(digits ?? "")) throw new Broken("it names no size");
  const signatures = rest.split("\n").filter((line) => line !== "").map((line) => {
    const [, name, value] = /^— (\S+) (\S+)$/.exec(line) ?? [];
    if (!name) throw new Broken("a line of its signatures cannot be read");
    const bytes = base64(value);
    return { name, id: bytes.slice(0, 4), signature: bytes.slice(4) };
  });
  return { origin, size: BigInt(digits), root: digest(base64(hash)), text, signatures };
}

// `origin+id+key`; the id is the beginning of the hash of name and key.
async function readKey(text) {
  const [, origin, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim()) ?? [];
  if (!origin) throw new Broken("the log's key cannot be read");
  const bytes = base64(encoded);
  if (bytes[0] !== ED25519 || bytes.length !== 33) throw new Broken("the log's key is no Ed25519 key");
  const named = await sha256(utf8(`${origin}\n`), bytes);
  if (hex(named.slice(0, 4)) !== id) throw new Broken("the log's key is not the one that it names");
  return { origin, id, public: bytes.slice(1) };
}

// The tree (RFC 6962, 2.1; the check of a path as in RFC 9162, 2.1.3.2)

const leafHash = (data) => sha256(Uint8Array.of(0), data);
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

export async function isIncluded(leaf, index, size, path, root) {
  if (index < 0n || index >= size) return false;
  let [position, last, hash] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) return false;
    if (position % 2n === 1n || position === last) {
      hash = await nodeHash(sibling, hash);
      // A right edge has no sibling on the levels that its node is carried up unchanged.
      while (position % 2n === 0n && position !== 0n) [position, last] = [position >> 1n, last >> 1n];
    } else {
      hash = await nodeHash(hash, sibling);
    }
    [position, last] = [position >> 1n, last >> 1n];
  }
  return last === 0n && same(hash, root);
}

// Whether the log of one root is the beginning of another's (RFC 9162, 2.1.4.2).
export async function isContinued([first, firstRoot], [second, secondRoot], given) {
  if (first > second) return false;
  if (first === second || first === 0n) return given.length === 0 && (first === 0n || same(firstRoot, secondRoot));
  const isPower = (first & (first - 1n)) === 0n;
  const path = isPower ? [firstRoot, ...given] : given;
  if (path.length === 0) return false;
  let [position, last] = [first - 1n, second - 1n];
  while (position % 2n === 1n) [position, last] = [position >> 1n, last >> 1n];
  let [old, now] = [path[0], path[0]];
  for (const hash of path.slice(1)) {
    if (last === 0n) return false;
    if (position % 2n === 1n || position === last) {
      [old, now] = [await nodeHash(hash, old), await nodeHash(hash, now)];
      while (position % 2n === 0n && position !== 0n) [position, last] = [position >> 1n, last >> 1n];
    } else {
      now = await nodeHash(now, hash);
    }
    [position, last] = [position >> 1n, last >> 1n];
  }
  return last === 0n && same(old, firstRoot) && same(now, secondRoot);
}

// An inclusion with its checkpoint (C2SP tlog-proof).
function proofOf(receipt) {
  if (receipt.version !== 1) throw new Broken("the receipt's version is not known");
  const end = receipt.proof.indexOf("\n\n");
  const [form, index, ...hashes] = receipt.proof.slice(0, Math.max(end, 0)).split("\n");
  const [, number] = /^index (0|[1-9][0-9]{0,18})$/.exec(index ?? "") ?? [];
  if (form !== PROOF_FORM || number === undefined) throw new Broken("the receipt holds no proof of inclusion");
  return { index: BigInt(number), path: hashes.map((hash) => digest(base64(hash))), checkpoint: receipt.proof.slice(end + 2) };
}

// What the creator signed: the header, which names the root of the tree over the commands and their items.

async function transactionOf(receipt) {
  const { header } = entryOf(receipt);
  const root = header.slice(73);
  const isIn = async (leaf, { leaf_index: index, path }) => {
    const hashes = path.map((hash) => digest(base64(hash)));
    return isIncluded(await leafHash(leaf), BigInt(index), BigInt(receipt.leaves), hashes, root);
  };
  const commands = new Set();
  for (const command of receipt.commands) {
    const leaf = base64(command.leaf);
    if (leaf[0] !== 0 || !(await isIn(leaf, command))) throw new Broken("a command is not in what the creator signed");
    commands.add(new DataView(leaf.buffer).getUint32(1, true));
  }
  for (const item of receipt.items) {
    const leaf = new Uint8Array(37);
    leaf[0] = 1;
    new DataView(leaf.buffer).setUint32(1, item.command, true);
    leaf.set(digest(unhex(item.item)), 5);
    if (!commands.has(item.command) || !(await isIn(leaf, item))) throw new Broken("an item is not in what the creator signed");
  }
  const time = Number(new DataView(header.buffer).getBigInt64(33, true));
  return { tx: hex(await sha256(utf8(DOMAIN), header)), time, commands: commands.size, items: receipt.items.length };
}

// The header is a version (1 byte), network and idempotency key (16 each), time (8), creator and root of the body (32 each).
function entryOf(receipt) {
  const entry = base64(receipt.entry);
  if (entry.length <= HEADER_BYTES + SIGNATURE_BYTES || entry[0] !== 1) throw new Broken("the entry is no transaction");
  return { header: entry.slice(0, HEADER_BYTES), signature: entry.slice(HEADER_BYTES, HEADER_BYTES + SIGNATURE_BYTES) };
}

async function checkSignature(receipt, certificate) {
  const { header, signature } = entryOf(receipt);
  if (!same(await sha256(certificate), header.slice(41, 73))) throw new Broken("the certificate is another one");
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const key = await crypto.subtle.importKey("spki", publicKey(certificate), curve, false, ["verify"]);
  const signed = bytes(utf8(DOMAIN), header);
  if (!(await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, signed))) {
    throw new Broken("the signature is not over this transaction");
  }
}

// The key of a certificate (RFC 5280, 4.1): what follows serial number, algorithm, issuer, validity and subject.
function publicKey(certificate) {
  const element = (at) => {
    let [length, start] = [certificate[at + 1], at + 2];
    if (length >= 0x80) {
      const digits = length - 0x80;
      length = certificate.slice(start, start + digits).reduce((sum, byte) => sum * 256 + byte, 0);
      start += digits;
    }
    return { tag: certificate[at], start, end: start + length };
  };
  let at = element(element(0).start).start;
  if (element(at).tag === 0xa0) at = element(at).end;
  for (let passed = 0; passed < 5; passed += 1) at = element(at).end;
  return certificate.slice(at, element(at).end);
}

// A pack's name is blinded on the ledger; the receipt discloses with what.
async function checkName(receipt, name) {
  for (const { item, t } of receipt.items) {
    if (t && hex(await sha256(utf8(name), unhex(t))) === item) return;
  }
  throw new Broken("the receipt is about another pack");
}

// Bytes

const utf8 = (text) => new TextEncoder().encode(text);
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const same = (one, other) => hex(one) === hex(other);

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes(...parts)));
}

function bytes(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return joined;
}

export function base64(text) {
  let raw;
  try {
    raw = atob(text);
  } catch {
    throw new Broken("it is not base64");
  }
  // One text for each value (RFC 4648, 3.5).
  if (btoa(raw) !== text) throw new Broken("it is not base64 in its one form");
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

export function unhex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Broken("it is not hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function digest(data) {
  if (data.length !== 32) throw new Broken("a hash has 32 bytes");
  return data;
}
