// What a page gains where scripts run: parts that follow what happens, and keys. Without it all works as forms.
"use strict";

const SILENT_AFTER = 3000; // ms without news after which nothing is shown as if it were now
const GIVEN_UP_AFTER = 10000; // ms without news after which a connection leads nowhere: a new one is tried
const LOOKED_EVERY = 100; // ms between looks at how long there was no news
const AGAIN_AFTER = 1000; // ms until it is asked again where a connection was refused, or is not kept
const LONGEST_PRESS = 10000; // ms after which something is not being pressed, whatever was not told
const KEPT = 4; // streams of all windows together: a browser gives a site six connections, and pages need some
const news = document.getElementById("news");
const from = document.body.dataset.news;
let source = null;
let leave = null; // gives up this window's place among those that keep their stream
let heard = performance.now();
let tried = heard;
let over = false;

function say(text) {
  if (news.textContent !== text) news.textContent = text;
  news.hidden = !text;
}

// What was typed into the fields of a form, under what the form does: one that does another thing gets none of it.
function typed(part, each) {
  for (const form of part.querySelectorAll("form")) {
    const does = [...form.querySelectorAll("input[type=hidden]:not([name=csrf]):not([name=key])")];
    const what = [form.action, ...does.map((field) => `${field.name}=${field.value}`)].join(" ");
    const fields = form.querySelectorAll("input:not([type=hidden]):not([type=file]), textarea");
    for (const field of fields) each(field, `${what} ${field.name}`);
  }
}

const shown = new Map(); // id of a part → what was filled in last, as it was sent
const kept = new Map(); // field → what was typed there; a part may be away for a moment, as after a restart

const later = new Map(); // id of a part → what is filled in once nobody is at it
const within = (id, wholes) => wholes.some((html) => html.includes(`id="${id}"`));

function fill(id, html) {
  const part = document.getElementById(id);
  later.delete(id);
  if (!part && later.size) later.set(id, html); // it stands in a part that is not filled in yet
  if (!part || shown.get(id) === html || part.innerHTML === html) return;
  // What somebody is typing or holding is not taken away; what is new comes in once they have left it.
  const typing = part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  const pressed = performance.now() - pressing < LONGEST_PRESS;
  if (typing || pressed || part.querySelector("[data-held]")) {
    later.set(id, html);
    return;
  }
  typed(part, (field, key) => {
    if (field.value !== field.defaultValue) kept.set(key, field.value);
    else kept.delete(key);
  });
  const focused = part.contains(document.activeElement) && document.activeElement.getAttribute("href");
  part.innerHTML = html;
  if (focused) {
    // The same link is new: who goes by keys stays on it.
    const link = part.querySelector(`a[href="${CSS.escape(focused)}"]`);
    if (link) link.focus({ preventScroll: true });
  }
  for (const inner of part.querySelectorAll("[data-part]")) shown.delete(inner.id);
  const outer = part.parentElement.closest("[data-part]");
  if (outer) shown.delete(outer.id);
  shown.set(id, html);
  typed(part, (field, key) => {
    if (kept.has(key)) field.value = kept.get(key);
  });
}

let pressing = -Infinity; // since when a finger or the mouse is down: what it is on is not exchanged under it
document.addEventListener("pointerdown", () => (pressing = performance.now()), true);
for (const up of ["pointerup", "pointercancel"]) {
  document.addEventListener(up, () => setTimeout(() => (pressing = -Infinity)), true);
}

// One stream for each page in view, of few pages; where there are more windows, the others look in now and then.
async function place() {
  for (let number = 0; navigator.locks && number < KEPT; number += 1) {
    const taken = await new Promise((told) => {
      navigator.locks.request(`news-${number}`, { ifAvailable: true }, (lock) => {
        if (lock) return new Promise((left) => told(left));
        return told(null);
      });
    });
    if (taken) return taken;
  }
  return navigator.locks ? null : () => {};
}

let waiting = false; // for a place, or for the next time

async function listen() {
  if (!from || over || source || waiting) return;
  waiting = true;
  leave = leave || (await place());
  waiting = false;
  if (document.hidden) return stop();
  const stays = leave !== null;
  const one = new EventSource(from);
  source = one;
  tried = performance.now();
  one.addEventListener("parts", (event) => {
    heard = performance.now();
    const sent = Object.entries(JSON.parse(event.data));
    // What waits is older than what has come, also where it stands in that.
    for (const id of [...later.keys()]) if (within(id, sent.map(([, html]) => html))) later.delete(id);
    const parts = new Map(later); // what is newer comes last: a part may stand in another
    for (const [id, html] of sent) {
      parts.delete(id);
      parts.set(id, html);
    }
    for (const [id, html] of parts) fill(id, html);
    // What waits may hold older pieces than were just filled in; and what is gone waits no more.
    for (const [id, html] of sent) if (!later.has(id) && within(id, [...later.values()])) later.set(id, html);
    for (const id of [...later.keys()]) {
      if (!document.getElementById(id) && !within(id, [...later.values()])) later.delete(id);
    }
    if (!stays) again();
  });
  one.addEventListener("over", () => {
    over = true;
    stop();
    say(news.dataset.over);
  });
  one.addEventListener("error", () => {
    // The hub was restarted, or the session is over: asked again, not often.
    if (source === one && one.readyState === EventSource.CLOSED) again();
  });
}

function again() {
  source.close();
  source = null;
  setTimeout(() => {
    if (!document.hidden) listen();
  }, AGAIN_AFTER);
}

function stop() {
  if (source) source.close();
  source = null;
  if (leave) leave();
  leave = null;
}

function look() {
  const silent = performance.now() - heard;
  const old = Boolean(from) && !over && silent > SILENT_AFTER && !document.hidden;
  document.body.classList.toggle("silenced", old || over);
  // A line that broke without a word is not noticed by who only listens.
  if (old && source && performance.now() - Math.max(heard, tried) > GIVEN_UP_AFTER) again();
  if (old) say(news.dataset.silent.replace("{seconds}", Math.round(silent / 1000)));
  else if (!over) say("");
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) stop();
  else {
    heard = performance.now();
    listen();
  }
});

// A form is sent once the hub is there: a browser that finds nobody leaves the page, and all that was typed with it.
const ALIVE_WITHIN = 3000; // ms in which it must say so
const VERB_WAITS = 1000; // ms after which a verb is sent all the same: a slow line keeps nobody from stopping a run
const asked = new WeakSet(); // forms for which it is asked
const sure = new WeakSet(); // forms that are sent now
const here = () => source && performance.now() - heard < SILENT_AFTER; // whether the hub was heard just now

async function there(verb) {
  try {
    const signal = AbortSignal.timeout(verb ? VERB_WAITS : ALIVE_WITHIN);
    const answer = await fetch(news.dataset.alive, { method: "HEAD", cache: "no-store", signal });
    return answer.status < 500; // what stands before a hub that is away answers in its place
  } catch (error) {
    return verb && error.name === "TimeoutError"; // slow is not away
  }
}

function beside(form, button, text) {
  let told = form.querySelector("[data-told]");
  if (!told) {
    told = document.createElement("span");
    told.setAttribute("role", "status");
    told.className = "silent";
    told.dataset.told = "";
    if (button && form.contains(button)) button.after(told);
    else form.append(told);
  }
  told.textContent = text;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!news.dataset.alive || event.defaultPrevented || form.getAttribute("method") !== "post") return;
  if (!AbortSignal.timeout) return; // an older browser might wait for ever
  if (sure.delete(form)) return;
  const button = event.submitter;
  if (button?.name === "verb" && here()) return; // at once, and each, where one form has the verbs of many runs
  event.preventDefault();
  if (asked.has(form)) return;
  asked.add(form);
  form.dataset.held = ""; // the part it stands in is not exchanged meanwhile
  beside(form, button, "");
  const goes = await there(button?.name === "verb");
  asked.delete(form);
  delete form.dataset.held;
  if (!goes) return beside(form, button, news.dataset.away);
  sure.add(form);
  send(form, button);
});

function send(form, button) {
  const submit = HTMLFormElement.prototype.requestSubmit;
  if (!button || button.form === form) return submit.call(form, button);
  // The part the button stood in was exchanged meanwhile: what it says is sent without it.
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: button.name, value: button.value });
  const action = form.getAttribute("action");
  form.append(field);
  if (button.hasAttribute("formaction")) form.setAttribute("action", button.getAttribute("formaction"));
  submit.call(form);
  field.remove();
  form.setAttribute("action", action);
}

// Keys: / searches, ? shows which there are, j and k go through rows, Enter opens what they stand on.
let at = -1;

function choose(step) {
  const all = document.querySelectorAll("tbody tr, .calls li, .card, details.repeat");
  const to = (row) => row.querySelector(row.matches("details") ? "summary" : "a");
  const rows = [...all].filter((row) => to(row) && (row.matches("details") || !row.closest("details.repeat")));
  if (!rows.length) return;
  at = Math.min(Math.max(at + step, 0), rows.length - 1);
  to(rows[at]).focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("input, textarea, select")) return;
  if (event.key === "/") {
    const find = document.getElementById("find");
    if (find) {
      event.preventDefault();
      find.focus();
    }
  } else if (event.key === "?") location.assign("/help");
  else if (event.key === "j") choose(1);
  else if (event.key === "k") choose(-1);
});

if (from) {
  listen();
  setInterval(look, LOOKED_EVERY);
}

// A file is hashed here and compared with what was issued; nothing of it is sent anywhere.
const check = document.getElementById("check");

async function compare(file) {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const same = hash === check.dataset.xml || hash === check.dataset.pdf;
  const told = same ? check.dataset.same : check.dataset.other;
  document.getElementById("checked").textContent = told.replace("{told}", () => file.name);
}

if (check && window.crypto && crypto.subtle) {
  check.hidden = false;
  document.getElementById("file").addEventListener("change", (event) => {
    if (event.target.files.length) compare(event.target.files[0]);
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) compare(event.dataTransfer.files[0]);
  });
}

// Passkeys: what the hub asks of one is fetched when the button is pressed, and its answer goes as any form.
class Refused extends Error {}

async function prove(box, form) {
  const csrf = form.elements.namedItem("csrf");
  const headers = csrf ? { "X-CSRF-Token": csrf.value } : {};
  const told = await fetch(box.dataset.passkey, { method: "POST", headers }).catch(() => null);
  if (!told || !told.ok) {
    const why = told ? await told.json().catch(() => null) : null; // of whatever stands before the hub, no JSON
    throw new Refused(why ? why.said || why.detail : box.querySelector("[role=alert]").dataset.away);
  }
  const asked = await told.json();
  const field = box.dataset.field; // what the form may bring besides is none of it
  const found = field === "made"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
  const places = form.querySelectorAll(`input[type=hidden][name="${field}"]`);
  places[places.length - 1].value = JSON.stringify(found.toJSON()); // the macro's own comes last
  HTMLFormElement.prototype.submit.call(form);
}

if (window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON) {
  for (const box of document.querySelectorAll("[data-passkey]")) {
    const form = box.querySelector("form");
    const button = form.querySelector("button");
    const failed = box.querySelector("[role=alert]");
    box.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      button.disabled = true;
      failed.hidden = true;
      failed.textContent = "";
      prove(box, form).catch((error) => {
        button.disabled = false;
        failed.hidden = false;
        const known = failed.dataset[error.name === "InvalidStateError" ? "there" : "said"];
        failed.textContent = error instanceof Refused ? error.message : known;
      });
    });
  }
}

// A run is gone through by its slider: the latest place is asked for, one at a time.
const replay = document.getElementById("replay");

const tell = (place) => place.setAttribute("aria-valuetext", document.getElementById("said").textContent);

async function show(place) {
  const address = `${replay.action}?line=${place.value}`;
  const answer = await fetch(`${address}&part=1`);
  // Whoever has to log in anew is led there by the whole page.
  if (answer.redirected || [401, 404].includes(answer.status)) return location.assign(address);
  if (!answer.ok) throw new Error(answer.statusText);
  document.getElementById("moment").innerHTML = await answer.text();
  tell(place);
  history.replaceState(null, "", address);
}

if (replay) {
  const place = document.getElementById("line");
  const failed = document.getElementById("not-shown");
  tell(place);
  let asked = null; // while something is asked for: which
  place.addEventListener("input", async () => {
    if (asked !== null) return;
    while (asked !== place.value) {
      asked = place.value;
      try {
        await show(place);
        failed.hidden = true;
      } catch {
        failed.textContent = failed.dataset.said.replace("{line}", asked);
        failed.hidden = false;
        break; // what was shown stays: the next move tries again
      }
    }
    asked = null;
  });
}
