#!/usr/bin/env node
// A casino backend for the MegaNodes callback API, in one file and without packages.
// Node.js 18 or newer; both revisions of the wire. README.md beside this file says how to run it.
//
// It is meant to be copied from. Eight rules decide whether such a backend keeps or loses money;
// each stands in a part of this file that carries its number:
//
//   1  Amounts are exact.            They are BigInt in minor units (cents) from the first byte on.
//   2  Requests are read strictly.   What is not understood is answered 99, and nothing is booked.
//   3  Callers are known.            Callback-Token in constant time; signature and its age.
//   4  Checks, in the order asked.   The first that fails is the answer.
//   5  Every id is booked once.      Ids are kept for ever, over bets, wins and cancels; refused
//                                    ones stay refused; a bet that comes after its cancel is too.
//   6  Judging and booking are one.  Nothing else of the account happens in between.
//   7  Durable before the answer.    The line is on the disk before the first byte of the reply.
//   8  Replies are right by shape.   HTTP 200, the right fields, exact decimals, no error page.

import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

const OK = 0;
const ACCOUNT_UNKNOWN = 21;
const PLAYER_INACTIVE = 22;
const BALANCE_TOO_LOW = 31;
const DUPLICATE = 41;
const TRANSACTION_UNKNOWN = 42;
const ORIGINAL_UNKNOWN = 43;
const INTERNAL_FAILURE = 99;
const TOKEN_WRONG = 100;

const BODY_BYTES_MAX = 65_536;
const DEPTH_MAX = 8;
const TEXT_MAX = 256;
const INTEGER_MAX = 2n ** 63n - 1n;
const SIGNATURE_AGE_SECONDS_MAX = 300;

// A request that does not have the agreed shape. The sentence is for our own log, not for the hub.
class Unreadable extends Error {}

// ---- settings -----------------------------------------------------------------------------------

function readSettings(environment) {
  const faults = [];
  const list = (name) => (environment[name] ?? "").split(",").map((one) => one.trim());
  const choice = (name, allowed, usual) => {
    const given = environment[name] || usual;
    if (!allowed.includes(given)) faults.push(`${name} must be one of: ${allowed.join(", ")}`);
    return given;
  };
  const whole = (name, usual, most) => {
    const given = environment[name] || String(usual);
    const fits = /^\d{1,5}$/.test(given) && Number(given) <= most;
    if (!fits) faults.push(`${name} must be 0 to ${most}`);
    return Number(given);
  };
  const settings = {
    // Two tokens, or two secrets, while one is being exchanged for another.
    tokens: list("WALLET_CALLBACK_TOKEN").filter(Boolean),
    secrets: list("WALLET_SIGNING_SECRET").filter(Boolean).map((text) => signingKey(text, faults)),
    revision: choice("WALLET_REVISION", ["guid", "id"], "guid"),
    decimals: whole("WALLET_DECIMALS", 2, 8),
    duplicates: Number(choice("WALLET_DUPLICATES", ["41", "0"], "41")),
    folder: environment.WALLET_FOLDER || "wallet-data",
    host: environment.WALLET_HOST || "127.0.0.1",
    port: whole("WALLET_PORT", 8703, 65_535),
    control: choice("WALLET_CONTROL", ["off", "on"], "off") === "on",
  };
  if (settings.tokens.length === 0) faults.push("WALLET_CALLBACK_TOKEN must be the agent's token");
  return { settings, faults };
}

function signingKey(text, faults) {
  const key = Buffer.from(text.replace(/^whsec_/, ""), "base64");
  // Buffer.from skips what is not base64; the length tells a secret from a mistake.
  if (!text.startsWith("whsec_") || key.length < 24 || key.length > 64) {
    faults.push("WALLET_SIGNING_SECRET must be whsec_ and base64 of 24 to 64 bytes");
  }
  return key;
}

// ---- rule 1: amounts are exact ------------------------------------------------------------------

const AMOUNT_MAX = 2n ** 53n - 1n; // of amounts and balances, in minor units

// "12.5" with 2 decimals is 1250n. Number("12.5") * 100 would be right here and wrong elsewhere:
// 8.12 * 100 is 811.9999999999999.
function readAmount(text, decimals) {
  const [, whole, fraction = ""] = /^(\d{1,40})(?:\.(\d{1,40}))?$/.exec(text) ?? [];
  if (whole === undefined) throw new Unreadable("an amount is digits with at most one dot");
  if (fraction.length > decimals) throw new Unreadable("an amount has too many decimals");
  const amount = BigInt(whole + fraction.padEnd(decimals, "0"));
  if (amount > AMOUNT_MAX) throw new Unreadable("an amount is at most 2^53-1 minor units");
  return amount;
}

// The reply wants exactly the currency's decimals: 1250n is "12.50".
function writeAmount(amount, decimals) {
  const sign = amount < 0n ? "-" : "";
  const digits = String(amount).replace("-", "").padStart(decimals + 1, "0");
  if (decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

// ---- rule 2: requests are read strictly ---------------------------------------------------------

// A JSON number as it was written. JSON.parse would make a binary float of 0.1 and would round
// large ones before anybody could look at the digits; a newer Node shows the source text to a
// reviver, Node 18 does not, so the few lines of a reader are here.
class JsonNumber {
  constructor(text) {
    this.text = text;
  }
}

const TOKEN = new RegExp(
  [
    String.raw`[ \t\r\n]*(?:([{}[\]:,])`, // a sign,
    String.raw`("[^"\\\u0000-\u001f]*(?:\\.[^"\\\u0000-\u001f]*)*")`, // a text,
    String.raw`(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)`, // a number,
    String.raw`(true|false|null)`, // a word,
    String.raw`$)`, // or the end
  ].join("|"),
  "y",
);
const WORDS = new Map([["true", true], ["false", false], ["null", null]]);
const LONE_SURROGATE = /\p{Surrogate}/u;

// Reads one JSON value: objects as Map (so that no key is special), numbers as JsonNumber. Refuses
// what JSON.parse lets through: a key twice, deep nesting, half of a surrogate pair.
function readJson(bytes) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes); // skips a byte order mark
  } catch {
    throw new Unreadable("the body is not UTF-8");
  }
  const reader = { text, at: 0 };
  const value = readValue(reader, nextToken(reader), 1);
  if (nextToken(reader).kind !== "end") throw new Unreadable("there is data after the JSON value");
  return value;
}

function nextToken(reader) {
  TOKEN.lastIndex = reader.at;
  const found = TOKEN.exec(reader.text);
  if (found === null) throw new Unreadable(`the body is not JSON near character ${reader.at}`);
  reader.at = TOKEN.lastIndex;
  const [, sign, string, number, word] = found;
  if (sign !== undefined) return { kind: sign };
  if (string !== undefined) return { kind: "string", value: readString(string) };
  if (number !== undefined) return { kind: "number", value: new JsonNumber(number) };
  if (word !== undefined) return { kind: "word", value: WORDS.get(word) };
  return { kind: "end" };
}

function readString(source) {
  let value;
  try {
    value = JSON.parse(source); // one string: only its escapes are left to undo
  } catch {
    throw new Unreadable("a text of the body has an unknown escape");
  }
  if (LONE_SURROGATE.test(value)) throw new Unreadable("a text has half of a surrogate pair");
  return value;
}

function readValue(reader, token, depth) {
  if ("value" in token) return token.value;
  if (depth > DEPTH_MAX) throw new Unreadable(`the JSON is nested deeper than ${DEPTH_MAX} levels`);
  if (token.kind === "{") return readObject(reader, depth);
  if (token.kind === "[") return readList(reader, depth);
  throw new Unreadable(`the body is not JSON near character ${reader.at}`);
}

function readObject(reader, depth) {
  const members = new Map();
  let token = nextToken(reader);
  if (token.kind === "}") return members;
  for (;;) {
    if (token.kind !== "string") throw new Unreadable("a key of an object must be text");
    if (members.has(token.value)) throw new Unreadable(`the key ${token.value} comes twice`);
    if (nextToken(reader).kind !== ":") throw new Unreadable("a colon is missing");
    members.set(token.value, readValue(reader, nextToken(reader), depth + 1));
    const after = nextToken(reader).kind;
    if (after === "}") return members;
    if (after !== ",") throw new Unreadable("an object is not closed");
    token = nextToken(reader);
  }
}

function readList(reader, depth) {
  const items = [];
  let token = nextToken(reader);
  if (token.kind === "]") return items;
  for (;;) {
    items.push(readValue(reader, token, depth + 1));
    const after = nextToken(reader).kind;
    if (after === "]") return items;
    if (after !== ",") throw new Unreadable("a list is not closed");
    token = nextToken(reader);
  }
}

// Typed access to the fields of an object; every fault names the field. Fields that we do not ask
// for are let through, so that a newer hub may add some.
class Fields {
  constructor(value, name) {
    if (!(value instanceof Map)) throw new Unreadable(`${name} must be a JSON object`);
    this.values = value;
  }

  text(name, least = 1) {
    const value = this.values.get(name);
    // Spreading counts characters, not halves of surrogate pairs.
    if (typeof value !== "string" || [...value].length > TEXT_MAX || value.length < least) {
      throw new Unreadable(`${name} must be text of ${least} to ${TEXT_MAX} characters`);
    }
    return value;
  }

  whole(name, least = 0n) {
    const value = this.values.get(name);
    const isWhole = value instanceof JsonNumber && /^\d{1,19}$/.test(value.text);
    const number = isWhole ? BigInt(value.text) : -1n;
    if (number < least || number > INTEGER_MAX) {
      throw new Unreadable(`${name} must be an integer of at least ${least}`);
    }
    return number;
  }

  amount(name, decimals) {
    const value = this.values.get(name);
    if (!(value instanceof JsonNumber)) throw new Unreadable(`${name} must be a number`);
    return readAmount(value.text, decimals);
  }
}

const TYPES = { bet: 1n, win: 2n, cancel: 16n };
const COMMANDS = ["authenticate", "balance", "bet", "win", "cancel", "status"];
const CHECKS = [
  ACCOUNT_UNKNOWN,
  PLAYER_INACTIVE,
  BALANCE_TOO_LOW,
  DUPLICATE,
  TRANSACTION_UNKNOWN,
  ORIGINAL_UNKNOWN,
];

// Gives {command, account, checks} and, by command, id, originalId, roundId, amount. The two
// revisions differ here and in the reply to `status`, and nowhere else.
function readCallback(body, settings) {
  const envelope = new Fields(readJson(body), "the body");
  const command = envelope.text("command");
  if (!COMMANDS.includes(command)) throw new Unreadable(`the command ${command} is unknown`);
  const isTime = /^\d+$/.test(envelope.text("timestamp"));
  if (!isTime) throw new Unreadable("timestamp must be Unix seconds as text");
  const data = new Fields(envelope.values.get("data"), "data");
  const checks = readChecks(envelope.text("check"), command);
  const callback = { command, checks, account: data.text("account") };
  if (command === "status") return { ...callback, id: transactionId(data, settings) };
  if (!(command in TYPES)) return callback;
  data.whole("provider_id");
  data.text("game_code");
  callback.roundId = data.text("round_id");
  if (command === "cancel") return { ...callback, ...cancelIds(data, settings) };
  demandType(data, command);
  data.text("game_type", 0);
  callback.id = transactionId(data, settings);
  callback.amount = data.amount("amount", settings.decimals);
  return callback;
}

function readChecks(text, command) {
  const checks = text.split(",").map(Number);
  const known = /^\d\d(,\d\d)*$/.test(text) && checks.every((check) => CHECKS.includes(check));
  if (!known || new Set(checks).size !== checks.length) {
    throw new Unreadable(`check "${text}" must list known checks once each, joined by commas`);
  }
  if (checks.includes(BALANCE_TOO_LOW) && !["bet", "win"].includes(command)) {
    throw new Unreadable(`check 31 needs an amount, and ${command} has none to compare`);
  }
  return checks;
}

function transactionId(data, settings) {
  // A number on the wire, text from here on: Number would merge neighbours above 2^53.
  if (settings.revision === "id") return String(data.whole("trans_id", 1n));
  return data.text("trans_guid");
}

function cancelIds(data, settings) {
  if (settings.revision === "guid") {
    demandType(data, "cancel");
    return { id: data.text("trans_guid"), originalId: data.text("cancel_trans_guid") };
  }
  // Revision id gives a cancel no id of its own; ours is made from the original's, always the same.
  const originalId = transactionId(data, settings);
  return { id: `${originalId}-c`, originalId };
}

function demandType(data, command) {
  if (data.whole("type") !== TYPES[command]) throw new Unreadable(`type must be ${TYPES[command]}`);
}

// ---- rule 3: callers are known ------------------------------------------------------------------

// Hashes are compared, not the texts: timingSafeEqual wants equal lengths, and a comparison that
// ends early would tell a patient caller how much of a token was right. All tokens are compared.
function tokenFits(given, tokens) {
  const digest = (text) => createHash("sha256").update(text, "utf8").digest();
  const wanted = digest(given);
  return tokens.map((token) => timingSafeEqual(digest(token), wanted)).includes(true);
}

// Standard Webhooks: v1,base64(HMAC-SHA256(secret, id.timestamp.body)). The timestamp is signed, so
// its age tells a request from a recording of one. Gives a sentence when it is not to be believed.
function signatureFault(headers, body, secrets, nowSeconds) {
  const id = headers["webhook-id"] ?? "";
  const timestamp = headers["webhook-timestamp"] ?? "";
  if (!/^\d{1,15}$/.test(timestamp)) return "webhook-timestamp is no whole number of seconds";
  if (Math.abs(nowSeconds - Number(timestamp)) > SIGNATURE_AGE_SECONDS_MAX) {
    return "webhook-timestamp is too far from this machine's clock";
  }
  // A blank separates two signatures while the hub's secret is being exchanged.
  const given = (headers["webhook-signature"] ?? "").split(" ", 16).map((one) => Buffer.from(one));
  const fits = secrets.flatMap((secret) => {
    const signed = createHmac("sha256", secret).update(`${id}.${timestamp}.`).update(body);
    const expected = Buffer.from(`v1,${signed.digest("base64")}`);
    return given.map((one) => one.length === expected.length && timingSafeEqual(one, expected));
  });
  return fits.includes(true) ? undefined : "no signature fits the body and the secret";
}

// ---- rules 5 and 7: the books, and the journal they are made of ---------------------------------

// REPLACE BY YOUR DATABASE: a table of players, a table of transactions with a UNIQUE index on the
// id, and one database transaction around `Wallet.answer`.
//
// Here the books are in memory, and every change of them is one line of a file that is only ever
// appended to. A line is forced to the disk before the change is made in memory, so whatever
// anybody was told is on the disk. At the start the lines are read again, in order.
class Books {
  constructor(folder) {
    this.players = new Map();
    this.entries = new Map();
    this.journal = new Journal(folder, (change) => this.#apply(change));
  }

  record(change) {
    this.journal.append(change);
    this.#apply(change);
  }

  #apply(change) {
    if (change.what === "player") this.#applyPlayer(change);
    if (change.what === "entry") this.#applyEntry(change);
  }

  #applyPlayer({ account, deposit, ...more }) {
    const nobody = { account, balance: 0n, deposited: 0n, active: true };
    const known = this.players.get(account) ?? nobody;
    const amount = BigInt(deposit);
    this.players.set(account, {
      ...known,
      balance: known.balance + amount,
      deposited: known.deposited + amount,
      active: more.active ?? known.active,
      permissions: more.permissions ?? known.permissions,
      language: more.language ?? known.language,
      country: more.country ?? known.country,
    });
  }

  // One entry is one id. "booked" moved money, "cancelled" was booked and undone; "refused" and
  // "tombstone" never moved any and are there so that the id is never booked later.
  #applyEntry({ what, number, amount, ...entry }) {
    this.entries.set(entry.id, { ...entry, amount: BigInt(amount) });
    if (entry.state !== "booked") return;
    const original = this.entries.get(entry.originalId);
    if (original !== undefined) original.state = "cancelled";
    const takes = entry.kind === "bet" || original?.kind === "win";
    this.players.get(entry.account).balance += takes ? -BigInt(amount) : BigInt(amount);
  }
}

// One JSON object a line. Two things can go wrong, and both are found:
//
// * A crash or a full disk leaves a torn last line. Nobody was told what it says, so it is passed
//   over; every start begins with a line break of its own. Changes are numbered: were one missing
//   that somebody was told of, the numbers would have a gap, and we would not start.
// * A second process is started on the same folder by mistake; two memories over one file would
//   let a player spend a balance twice. Whoever started last goes on: every start leaves a line,
//   and a process that finds the file longer than it left it ends before it books anything.
class Journal {
  #file;
  #size;
  #count = 0;

  constructor(folder, apply) {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const name = path.join(folder, "journal.jsonl");
    this.#file = fs.openSync(name, "a", 0o600);
    const start = `\n${JSON.stringify({ what: "start", process: randomUUID() })}\n`;
    this.#write(start);
    syncFolder(folder); // otherwise a power cut could take the new file's name away
    const bytes = fs.readFileSync(name);
    this.#size = bytes.length;
    if (!bytes.toString().endsWith(start)) stop("another process has started in this folder");
    for (const change of bytes.toString().split("\n").map(parsed)) {
      if (change?.number === undefined) continue; // a start, or a torn line
      this.#count += 1;
      if (change.number !== this.#count) stop(`${name} lacks change ${this.#count}: it is damaged`);
      apply(change);
    }
  }

  append(change) {
    if (fs.fstatSync(this.#file).size !== this.#size) {
      stop("another process has written to the journal: only one may use a folder");
    }
    this.#count += 1;
    this.#size += this.#write(`${JSON.stringify({ number: this.#count, ...change })}\n`);
  }

  // After a failed write or sync nobody knows what is on the disk, so this process must not go on
  // with what it has in memory. The hub gets no answer, and asks again or cancels.
  #write(text) {
    const bytes = Buffer.from(text);
    try {
      if (fs.writeSync(this.#file, bytes) !== bytes.length) throw new Error("the disk is full");
      fs.fsyncSync(this.#file);
    } catch (error) {
      stop(`the journal cannot be written: ${error.message}`);
    }
    return bytes.length;
  }
}

function parsed(line) {
  try {
    return JSON.parse(line); // our own lines: amounts are text in them
  } catch {
    return undefined;
  }
}

function syncFolder(folder) {
  if (process.platform === "win32") return; // Windows cannot, and need not
  const opened = fs.openSync(folder, "r");
  fs.fsyncSync(opened);
  fs.closeSync(opened);
}

function stop(reason) {
  console.error(`stopped: ${reason}`);
  process.exit(1);
}

// ---- rules 4, 5 and 6: the wallet ---------------------------------------------------------------

// Every method runs from its first look at the books to its last without an `await`, so JavaScript
// runs nothing else in between: that is rule 6 here. The moment a database is asked there is an
// `await`, and the rule needs a lock: SELECT ... FROM players WHERE account = $1 FOR UPDATE, first.
class Wallet {
  constructor(books, duplicates) {
    this.books = books;
    this.duplicates = duplicates;
  }

  // What to answer a callback: {result, player} and, for `status`, {transStatus}.
  answer(callback) {
    switch (callback.command) {
      case "bet":
        return this.#bet(callback);
      case "win":
        return this.#win(callback);
      case "cancel":
        return this.#cancel(callback);
      case "status":
        return this.#status(callback);
      default:
        return this.#refusal(callback, {}) ?? this.#accepted(callback);
    }
  }

  #bet(callback) {
    const own = this.books.entries.get(callback.id);
    // Refused once is refused for ever: the hub was told "no" and has told the game. A copy that
    // comes late, when the balance would suffice, must not be booked.
    if (own?.state === "refused" && own.account === callback.account) {
      return { result: own.result, player: this.books.players.get(own.account) };
    }
    const refusal = this.#refusal(callback, { own });
    if (refusal === undefined) return this.#book(callback);
    if (own !== undefined) return this.#repeated(callback, own, refusal);
    this.#remember(callback, "refused", { result: refusal.result });
    return refusal;
  }

  #win(callback) {
    const own = this.books.entries.get(callback.id);
    const refusal = this.#refusal(callback, { own });
    if (refusal === undefined) return this.#book(callback);
    // A refused win stays owed and the hub comes again, so its id is not spent.
    return own === undefined ? refusal : this.#repeated(callback, own, refusal);
  }

  #cancel(callback) {
    const { entries } = this.books;
    const own = entries.get(callback.id);
    const original = entries.get(callback.originalId);
    const isThere = hasMoved(original, callback) && original.kind !== "cancel";
    const refusal = this.#refusal(callback, { own, original: isThere ? original : undefined });
    if (refusal === undefined) return this.#undo(callback, original);
    const notSeen = [TRANSACTION_UNKNOWN, ORIGINAL_UNKNOWN].includes(refusal.result);
    if (notSeen && original === undefined) this.#bury(callback);
    const isCopy = own?.kind === "cancel" && own.originalId === callback.originalId;
    const toldAsDone = refusal.result === DUPLICATE && isCopy && this.duplicates === OK;
    return toldAsDone ? this.#accepted(callback) : refusal;
  }

  #status(callback) {
    const entry = this.books.entries.get(callback.id);
    const own = hasMoved(entry, callback) ? entry : undefined;
    const transStatus = own?.state === "cancelled" ? "CANCELED" : "OK";
    return this.#refusal(callback, { own }) ?? { ...this.#accepted(callback), transStatus };
  }

  // The first check that fails, in the order of the request; undefined when all hold.
  #refusal(callback, { own, original }) {
    const player = this.books.players.get(callback.account);
    const about = callback.command === "cancel" ? original : own;
    const holds = {
      [ACCOUNT_UNKNOWN]: () => player !== undefined,
      [PLAYER_INACTIVE]: () => player?.active === true,
      [BALANCE_TOO_LOW]: () => player !== undefined && player.balance >= callback.amount,
      [DUPLICATE]: () => own === undefined,
      // Revision id asks 42 of a cancel and means the original: the cancel has no id of its own.
      [TRANSACTION_UNKNOWN]: () => about !== undefined,
      [ORIGINAL_UNKNOWN]: () => original !== undefined,
    };
    const result = callback.checks.find((check) => !holds[check]());
    return result === undefined ? undefined : { result, player };
  }

  #accepted(callback) {
    return { result: OK, player: this.#known(callback) };
  }

  #known(callback) {
    const player = this.books.players.get(callback.account);
    if (player === undefined) throw new Error("an unknown account, and check 21 was not asked");
    return player;
  }

  #book(callback) {
    // The checks were the hub's questions. These are our own books: whatever was asked, no id is
    // booked twice, no bet overspends, and no balance leaves the range that can be told.
    const change = callback.command === "bet" ? -callback.amount : callback.amount;
    const balance = this.#known(callback).balance + change;
    if (this.books.entries.has(callback.id)) throw new Error(`${callback.id} was booked before`);
    const isInRange = change < 0n ? balance >= 0n : balance <= AMOUNT_MAX;
    if (!isInRange) throw new Error(`the balance of ${callback.account} cannot take this`);
    this.#remember(callback, "booked");
    return this.#accepted(callback);
  }

  // Undo what was stored. An amount that comes with a cancel has no say. A win that was spent
  // meanwhile leaves the balance below zero: that is the truth, and deposits make it good.
  #undo(callback, original) {
    if (original.state === "cancelled") {
      // Undone before, under another id: true, and no reason to pay twice.
      const told = this.duplicates === OK || !callback.checks.includes(DUPLICATE) ? OK : DUPLICATE;
      return { result: told, player: this.#known(callback) };
    }
    if (this.books.entries.has(callback.id)) throw new Error(`${callback.id} was booked before`);
    const { roundId, amount } = original;
    this.#remember({ ...callback, roundId, amount }, "booked", { originalId: original.id });
    return this.#accepted(callback);
  }

  // A tombstone: the cancel was here before its bet. The bet may still be on its way through a
  // slow proxy; it finds its id taken and is answered 41.
  #bury({ account, roundId, originalId }) {
    const bet = { id: originalId, account, command: "bet", roundId, amount: 0n };
    this.#remember(bet, "tombstone");
  }

  // A known id is answered 41, or 0 where the option says so and it is a true copy.
  #repeated(callback, own, refusal) {
    const isCopy =
      own.state === "booked" &&
      own.account === callback.account &&
      own.kind === callback.command &&
      own.amount === callback.amount;
    const toldAsDone = refusal.result === DUPLICATE && isCopy && this.duplicates === OK;
    return toldAsDone ? this.#accepted(callback) : refusal;
  }

  #remember({ id, account, command, roundId, amount }, state, more = {}) {
    const entry = { id, account, kind: command, roundId, amount: String(amount), state, ...more };
    this.books.record({ what: "entry", ...entry });
  }
}

// Whether the id ever moved money of this account; refused ids and tombstones did not.
function hasMoved(entry, callback) {
  return entry?.account === callback.account && ["booked", "cancelled"].includes(entry.state);
}

// ---- rule 8: replies are right by shape ---------------------------------------------------------

// Replies are written by hand, because JSON.stringify has no exact form for 98.50. A member is a
// name and its JSON text; undefined is left out.
function json(members) {
  const written = Object.entries(members).filter(([, value]) => value !== undefined);
  return `{${written.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
}

function text(value) {
  return value === undefined ? undefined : JSON.stringify(value);
}

function reply(result, data = {}) {
  return json({ result, status: result === OK ? '"OK"' : '"ERROR"', data: json(data) });
}

function writeReply(callback, { result, player, transStatus }, settings) {
  // An account that does not exist has no balance; the shape of a refusal asks for one, so 0.
  const balance = writeAmount(player?.balance ?? 0n, settings.decimals);
  if (result !== OK) return reply(result, { balance });
  switch (callback.command) {
    case "authenticate":
      return reply(OK, authenticateData(player, balance, settings));
    case "status":
      return reply(OK, { ...named(callback, settings), trans_status: text(transStatus) });
    default:
      return reply(OK, { balance });
  }
}

function named({ account, id }, { revision }) {
  return revision === "id" ? { trans_id: id } : { account: text(account), trans_guid: text(id) };
}

// The hub enforces `permissions` for the session. What does not apply is left out: a null or a
// wrong type makes the whole reply unreadable, on purpose.
function authenticateData(player, balance, settings) {
  const { permissions } = player;
  const most = permissions?.max_bet;
  const maxBet = most && writeAmount(BigInt(most), settings.decimals);
  return {
    account: text(player.account),
    balance,
    permissions: permissions && json({ ...permissions, max_bet: maxBet }),
    language: text(player.language),
    country: text(player.country),
  };
}

// ---- over HTTP ----------------------------------------------------------------------------------

class Backend {
  constructor(settings) {
    this.settings = settings;
    this.books = new Books(settings.folder);
    this.wallet = new Wallet(this.books, settings.duplicates);
  }

  async onRequest(request, response) {
    const pathname = request.url.split("?")[0];
    if (pathname === "/callback") return this.#onCallback(request, response);
    if (pathname === "/health") return send(response, 200, '{"ready":true}');
    if (pathname.startsWith("/control/") && this.settings.control && isFromHere(request)) {
      return this.#onControl(request, response, pathname);
    }
    return send(response, 404, '{"error":"there is nothing here"}');
  }

  async #onCallback(request, response) {
    if (request.method !== "POST") {
      response.setHeader("Allow", "POST");
      return send(response, 405, reply(INTERNAL_FAILURE));
    }
    const isKnown = tokenFits(request.headers["callback-token"] ?? "", this.settings.tokens);
    const body = isKnown ? await readBody(request) : undefined; // strangers are not listened to
    return send(response, 200, this.answer(request.headers, body));
  }

  // The reply to a callback, its token judged first; `body` is undefined when it is too long.
  // Public for frameworks, which read requests themselves: examples/express is one.
  answer(headers, body) {
    const { settings } = this;
    // Header names are in lower case here, whatever the wire had. A header that comes twice is
    // joined by a comma and fits no token.
    if (!tokenFits(headers["callback-token"] ?? "", settings.tokens)) {
      console.error("callback refused: the Callback-Token header is missing or wrong");
      return reply(TOKEN_WRONG);
    }
    const { secrets } = settings;
    try {
      if (body === undefined) throw new Unreadable(`the body is above ${BODY_BYTES_MAX} bytes`);
      const isSigned = secrets.length > 0;
      const fault = isSigned && signatureFault(headers, body, secrets, Date.now() / 1000);
      if (fault) {
        // 100 and not 99: nothing was booked and nothing will be, so the hub may conclude it.
        console.error(`callback refused: ${fault}`);
        return reply(TOKEN_WRONG);
      }
      const callback = readCallback(body, settings);
      return writeReply(callback, this.wallet.answer(callback), settings);
    } catch (error) {
      // 99 says "I do not know": the hub concludes nothing and asks again, or cancels. Every
      // exception comes here from before the booking; behind it only the reply is written.
      const isOurs = !(error instanceof Unreadable);
      console.error("callback answered 99:", isOurs ? error : error.message);
      return reply(INTERNAL_FAILURE);
    }
  }

  // For a person with curl and for the tour: the books, and a way to open accounts. Your own site
  // does this its own way. Off unless WALLET_CONTROL=on.
  async #onControl(request, response, pathname) {
    try {
      if (pathname === "/control/ledger" && request.method === "GET") {
        return send(response, 200, this.#shownLedger());
      }
      if (pathname === "/control/players" && request.method === "POST") {
        return send(response, 200, this.#changePlayer(await readBody(request)));
      }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return send(response, 400, json({ error: text(error.message) }));
    }
    return send(response, 404, '{"error":"there is nothing here"}');
  }

  #shownLedger() {
    const { decimals } = this.settings;
    const players = [...this.books.players.values()].map((player) =>
      json({
        account: text(player.account),
        balance_minor: player.balance,
        deposited_minor: player.deposited,
        balance: text(writeAmount(player.balance, decimals)),
        active: player.active,
      }),
    );
    const rows = [...this.books.entries.values()].map((entry) =>
      json({
        id: text(entry.id),
        account: text(entry.account),
        kind: text(entry.kind),
        round_id: text(entry.roundId),
        amount_minor: entry.amount,
        state: text(entry.state),
        original_id: text(entry.originalId ?? null),
      }),
    );
    return json({ exponent: decimals, players: `[${players}]`, rows: `[${rows}]` });
  }

  #changePlayer(body) {
    const { decimals } = this.settings;
    const change = readPlayerChange(body, decimals);
    const before = this.books.players.get(change.account)?.balance ?? 0n;
    if (before + BigInt(change.deposit) > AMOUNT_MAX) throw new Unreadable("deposit: too large");
    this.books.record(change);
    const player = this.books.players.get(change.account);
    return json({
      account: text(player.account),
      balance: text(writeAmount(player.balance, decimals)),
      active: player.active,
    });
  }
}

// {"account": "ada", "deposit": "100.00", "active": true, "permissions": {"max_bet": "5.00", ...},
// "language": "de", "country": "DE"}: everything but the account may be left out.
function readPlayerChange(body, decimals) {
  const fields = new Fields(body === undefined ? undefined : readJson(body), "the body");
  const change = { what: "player", account: fields.text("account"), deposit: "0" };
  const { values } = fields;
  if (values.has("deposit")) change.deposit = String(readAmount(fields.text("deposit"), decimals));
  if (typeof values.get("active") === "boolean") change.active = values.get("active");
  if (values.has("language")) change.language = fields.text("language");
  if (values.has("country")) change.country = fields.text("country");
  if (values.has("permissions")) {
    const permissions = new Fields(values.get("permissions"), "permissions");
    change.permissions = readPermissions(permissions, decimals);
  }
  return change;
}

function readPermissions(fields, decimals) {
  const permissions = {};
  const { values } = fields;
  if (typeof values.get("play") === "boolean") permissions.play = values.get("play");
  if (values.has("max_bet")) {
    permissions.max_bet = String(readAmount(fields.text("max_bet"), decimals));
  }
  for (const name of ["session_minutes", "reality_check_minutes"]) {
    if (values.has(name)) permissions[name] = Number(fields.whole(name));
  }
  return permissions;
}

// Behind a proxy on this machine everybody comes from here, so a forwarded request does not count.
function isFromHere(request) {
  const { headers, socket } = request;
  const isForwarded = "forwarded" in headers || "x-forwarded-for" in headers;
  return !isForwarded && ["127.0.0.1", "::1", "::ffff:127.0.0.1"].includes(socket.remoteAddress);
}

// The body, or undefined when it is too long. Throws when the connection ends before the body does:
// half a request is never executed.
async function readBody(request) {
  const pieces = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size <= BODY_BYTES_MAX) pieces.push(piece);
  }
  return size <= BODY_BYTES_MAX ? Buffer.concat(pieces) : undefined;
}

function send(response, status, body) {
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
  });
  response.end(body);
}

function main() {
  const { settings, faults } = readSettings(process.env);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exit(2);
  let backend;
  const server = http.createServer((request, response) => {
    backend.onRequest(request, response).catch((error) => {
      console.error(`a request ended early: ${error.message}`);
      response.destroy();
    });
  });
  // The hub keeps a connection open from one callback to the next as long as we say we do: Node
  // tells it "Keep-Alive: timeout=65". Node wants the time for headers to be longer than that.
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 66_000;
  server.requestTimeout = 10_000;
  server.on("error", (error) => stop(error.message));
  server.listen(settings.port, settings.host, () => {
    // Not earlier: who cannot have the port must not touch the journal of the one that has it.
    backend = new Backend(settings);
    const { address, port } = server.address();
    console.log(`callbacks of revision ${settings.revision} at http://${address}:${port}/callback`);
  });
  // Requests that are being answered are answered; a kill -9 instead loses nothing either.
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, () => {
      server.close(() => process.exit(0));
      server.closeIdleConnections?.();
      setTimeout(() => process.exit(0), 5_000).unref();
    });
  }
}

export { Backend, readAmount, readSettings };

// Only when this file is the program, and not when another one imports its wallet.
if (import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) main();
