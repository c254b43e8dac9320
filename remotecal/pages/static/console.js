// What a page gains where scripts run: parts that follow what happens, and keys. Without it all works as forms.
"use strict";

const SILENT_AFTER = 3000; // ms without news after which nothing is shown as if it were now
const news = document.getElementById("news");
const from = document.body.dataset.news;
let source = null;
let heard = performance.now();
let over = false;

function say(text) {
  if (news.textContent !== text) news.textContent = text;
  news.hidden = !text;
}

function fill(id, html) {
  const part = document.getElementById(id);
  if (!part || part.innerHTML === html) return;
  // What somebody is typing is not taken away; it comes in once they have left the field.
  if (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return;
  part.innerHTML = html;
}

function listen() {
  if (!from || over || source) return;
  source = new EventSource(from);
  source.addEventListener("parts", (event) => {
    heard = performance.now();
    const parts = JSON.parse(event.data);
    for (const id of Object.keys(parts)) fill(id, parts[id]);
  });
  source.addEventListener("over", () => {
    over = true;
    stop();
    say(news.dataset.over);
  });
  source.addEventListener("error", () => {
    if (source && source.readyState === EventSource.CLOSED) {
      stop();
      setTimeout(listen, 2000); // the hub was restarted, or the session is over: asked again, not often
    }
  });
}

function stop() {
  if (source) source.close();
  source = null;
}

function look() {
  const silent = performance.now() - heard;
  const old = Boolean(from) && !over && silent > SILENT_AFTER && !document.hidden;
  document.body.classList.toggle("silenced", old || over);
  if (old) say(news.dataset.silent.replace("{seconds}", Math.round(silent / 1000)));
  else if (!over) say("");
}

// One stream for each page in view: a browser gives a site six connections, and no more.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) stop();
  else {
    heard = performance.now();
    listen();
  }
});

// Keys: / searches, ? shows which there are, j and k go through rows, Enter opens what they stand on.
let at = -1;

function choose(step) {
  const rows = [...document.querySelectorAll("tbody tr, .calls li, .card")].filter((row) => row.querySelector("a"));
  if (!rows.length) return;
  at = Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[at].querySelector("a").focus();
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
  setInterval(look, 500);
}

// A file is hashed here and compared with what was issued; nothing of it is sent anywhere.
const check = document.getElementById("check");

async function compare(file) {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const same = hash === check.dataset.xml || hash === check.dataset.pdf;
  document.getElementById("checked").textContent = `${same ? check.dataset.same : check.dataset.other} (${file.name})`;
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
