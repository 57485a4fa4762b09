// Checks a record of an access where it is shown: the record's leaf, its place under the root that went onto the ledger, and the
// ledger's receipt for that.

import { base64, check as checkReceipt, isIncluded } from "./proof.js";

// The command that anchors records, by its number in the contract's encoding; a test of the node compares it.
const ANCHOR_ACCESS = 35;

// Takes what `GET /patients/me/accesses?proofs=true` gives of a record and the log's verifier key; answers with the steps, each
// `{ step, holds }`, where `holds` is true, false, or null for what this browser cannot check.
export async function check({ record, leaf, proof }, key) {
  const [own, said] = [await sha256(Uint8Array.of(0), utf8(record)), JSON.parse(record)];
  const receipt = await checkReceipt(proof.receipt, key);
  const anchors = proof.receipt.commands.map((command) => anchorOf(base64(command.leaf))).filter(Boolean);
  const anchor = anchors.find(({ log, first, count }) => log === said.log && first === BigInt(proof.first) && count === BigInt(proof.count));
  const place = BigInt(said.index) - BigInt(proof.first);
  const isAnchored = anchor !== undefined && (await isIncluded(own, place, anchor.count, proof.path.map(unhex), anchor.root));
  const steps = [{ step: "record", holds: hex(own) === leaf }, { step: "anchor", holds: isAnchored }, ...receipt.steps];
  return { steps, holds: steps.every(({ holds }) => holds === true), isBroken: steps.some(({ holds }) => holds === false), index: receipt.index };
}

// A command's leaf is 0, its number (u32), then the action: here the log (16 bytes), first (u64), count (u32), root (32), all
// little-endian.
function anchorOf(leaf) {
  if (leaf.length < 66 || leaf[0] !== 0 || leaf[5] !== ANCHOR_ACCESS) return undefined;
  const view = new DataView(leaf.buffer, leaf.byteOffset);
  return { log: hex(leaf.slice(6, 22)), first: view.getBigUint64(22, true), count: BigInt(view.getUint32(30, true)), root: leaf.slice(34, 66) };
}

const utf8 = (text) => new TextEncoder().encode(text);
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
}
