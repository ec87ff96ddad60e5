#!/usr/bin/env node
// A casino backend for the MegaNodes callback API on Express. The wallet, the strict reading and
// the exact replies are those of ../node/backend.mjs; this file shows what Express has to do, and
// what it must not do: parse the body before the signature has been compared with its bytes.

import express from "express";
import { Backend, readAmount, readSettings } from "../node/backend.mjs";

const BODY_BYTES_MAX = 65_536;

function appOf(backend) {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag"); // a callback is no page: there is nothing to revalidate

  // express.raw and not express.json: the bytes are what was signed, and JSON.parse would make
  // binary floats of the amounts. Whatever Content-Type came, the body is bytes.
  const bytes = express.raw({ type: () => true, limit: BODY_BYTES_MAX, inflate: false });

  app
    .route("/callback")
    .post(bytes, (request, response) => {
      answer(response, backend.answer(request.headers, request.body ?? Buffer.alloc(0)));
    })
    .all((request, response) => {
      response.set("Allow", "POST");
      answer(response, backend.answer(request.headers, undefined), 405);
    });
  app.get("/health", (request, response) => answer(response, '{"ready":true}'));

  // Express answers errors with a page of HTML, in which a hub cannot read anything. The four
  // parameters are how Express knows that this is the handler of errors.
  app.use((error, request, response, next) => {
    console.error(`a request was not readable: ${error.message}`);
    if (response.headersSent) return next(error);
    return answer(response, backend.answer(request.headers, undefined));
  });
  return app;
}

// Exact bytes: response.json would write the reply anew, and 98.50 as 98.5.
function answer(response, body, status = 200) {
  response.status(status).set("Content-Type", "application/json").send(Buffer.from(body));
}

// Your own site opens accounts its own way; here they come from the environment: "anna=100.00".
function openAccounts(backend, text = "") {
  for (const [account, deposit] of text.split(",").filter(Boolean).map((one) => one.split("="))) {
    if (backend.books.players.has(account)) continue;
    const minor = String(readAmount(deposit, backend.settings.decimals));
    const active = !account.startsWith("locked");
    backend.books.record({ what: "player", account, deposit: minor, active });
  }
}

const { settings, faults } = readSettings(process.env);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(2);
const backend = new Backend(settings);
openAccounts(backend, process.env.WALLET_ACCOUNTS);
const server = appOf(backend).listen(settings.port, settings.host, (error) => {
  if (error) {
    console.error(error.message);
    process.exit(1);
  }
  const { address, port } = server.address();
  console.log(`callbacks of revision ${settings.revision} at http://${address}:${port}/callback`);
});
server.keepAliveTimeout = 65_000; // the hub is told so, and keeps its connection from call to call
server.headersTimeout = 66_000;
