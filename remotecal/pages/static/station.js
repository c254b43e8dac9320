// What the page beside a rig gains where scripts run: photos are made smaller and sent a piece at a time, so that a
// line that breaks loses none; and consent is given by holding a button. Without it all works as forms.
"use strict";
{
  const LARGEST = 2000000; // bytes of a photo that is sent as it was taken
  const TRIES = [ // longest side, quality: what is written on a plate is to be read
    [4000, 0.85], [4000, 0.7], [3200, 0.8], [2600, 0.8], [2000, 0.8], [1600, 0.7], [1000, 0.6],
  ];
  const PIECE = 131072; // bytes sent at a time
  const PATIENCE = 60000; // ms for a piece; the station waits no longer
  const FIRST_PAUSE = 1000; // ms until it is tried again, twice as many each time
  const LONGEST_PAUSE = 10000;
  const BEGUN_ANEW = 3; // times a photo is begun anew that the station knows nothing of
  const HOLD = 1500; // ms a button is held
  const FROZEN = 1000; // ms between two looks at a button that is held after which nobody knows whether it still is
  const OFFERED = 20000; // ms in which a short press may be confirmed
  const CONFIRM_AFTER = 600; // ms after a short press before the press that confirms counts: a double click is one press
  const sending = document.getElementById("sending");
  const bar = sending.querySelector("progress");
  const said = sending.querySelector("[role=status]");
  const much = sending.querySelector(".much");
  const cancel = sending.querySelector("button");
  const text = sending.dataset;

  document.body.classList.add("scripts");

  // Photos that wait to be sent: kept over a reload, or while the page is there where the browser keeps nothing.
  const here = [];
  const dealt = new Set(); // ids of those that are dealt with, also where the browser does not let go of them
  const base = new Promise((done) => {
    const asked = window.indexedDB ? indexedDB.open("remotecal", 1) : {};
    if (!window.indexedDB) done(null);
    asked.onupgradeneeded = () => asked.result.createObjectStore("photos", { keyPath: "id", autoIncrement: true });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => done(null);
  });

  async function ask(work) {
    const opened = await base;
    return new Promise((done, failed) => {
      const asked = work(opened.transaction("photos", "readwrite").objectStore("photos"));
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });
  }

  async function keep(photo) {
    try {
      photo.id = await ask((photos) => photos.put(photo));
    } catch {
      if (!here.includes(photo)) here.push(photo);
    }
  }

  async function drop(photo) {
    if (here.includes(photo)) here.splice(here.indexOf(photo), 1);
    else {
      dealt.add(photo.id);
      await ask((photos) => photos.delete(photo.id)).catch(() => {});
    }
  }

  // The photo that is to be sent next; one of an earlier place of the station nobody takes any more, which is said.
  async function next() {
    if (here.length) return here[0];
    try {
      for (const photo of await ask((photos) => photos.getAll())) {
        if (dealt.has(photo.id)) continue;
        if (photo.to === text.to) return photo;
        await drop(photo);
        show(text.lost, true);
      }
    } catch {
      // Nothing is kept here.
    }
    return null;
  }

  // A photo of at most so many bytes, upright; as it is where that is small enough, or where it can't be drawn here.
  async function reduced(file) {
    if (file.size <= LARGEST) return file;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      for (const [side, quality] of TRIES) {
        const scale = Math.min(1, side / Math.max(picture.width, picture.height));
        const canvas = document.createElement("canvas");
        canvas.width = Math.round(picture.width * scale);
        canvas.height = Math.round(picture.height * scale);
        const drawing = canvas.getContext("2d");
        drawing.fillStyle = "#fff";
        drawing.fillRect(0, 0, canvas.width, canvas.height);
        drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
        const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
        if (made && made.size <= LARGEST) return made;
      }
    } catch {
      // The station says what it takes.
    }
    return file;
  }

  // The SHA-256 where the browser tells it, which it does over TLS and on the station's own computer; else nothing.
  async function digest(file) {
    if (!window.isSecureContext || !crypto.subtle) return "";
    try {
      const told = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
      return [...new Uint8Array(told)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    } catch {
      return "";
    }
  }

  async function take(form) {
    const fields = new FormData(form);
    const file = fields.get("photo");
    fields.delete("photo");
    if (!file || !file.size) return;
    form.reset();
    show(text.smaller);
    const content = await reduced(file);
    fields.set("size", content.size);
    fields.set("sha256", await digest(content));
    const original = content === file ? "" : await digest(file);
    if (original) {
      fields.set("original", original);
      fields.set("original_size", file.size);
    }
    await keep({ to: text.to, form: new URLSearchParams(fields).toString(), content, where: "", begun: 0 });
    work();
  }

  let stopped = null; // gives up what is being sent

  // One exchange with the station: what came of the photo once it is over, nothing before.
  async function step(photo, at) {
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(PATIENCE)]);
    if (!photo.where) {
      const body = new URLSearchParams(photo.form);
      const begun = await answered(fetch(photo.to, { method: "POST", body, signal }));
      if (begun.status !== 201) return refusal(begun);
      at.offset = 0;
      Object.assign(photo, { where: begun.headers.get("Location"), begun: photo.begun + 1 });
      await keep(photo);
      return null;
    }
    const known = at.offset !== null;
    const asked = known ? piece(photo, at.offset) : { method: "HEAD" };
    const answer = await answered(fetch(photo.where, { ...asked, signal }));
    if (answer.status === 404 && photo.begun < BEGUN_ANEW) {
      photo.where = "";
      return null;
    }
    if (answer.status === 200 && known) return (await answer.json()).said;
    if (![200, 204, 409].includes(answer.status)) return refusal(answer);
    at.offset = Number(answer.headers.get("Upload-Offset"));
    bar.value = at.offset / photo.content.size;
    much.textContent = `${Math.round(at.offset / 1000)} / ${Math.round(photo.content.size / 1000)} kB`;
    return null;
  }

  function piece(photo, offset) {
    const headers = { "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" };
    return { method: "PATCH", headers, body: photo.content.slice(offset, offset + PIECE, "") };
  }

  // An answer; one that says "not now" is a line that is broken.
  async function answered(asked) {
    const answer = await asked;
    if (answer.status >= 500 || answer.status === 408) throw new Error((await answer.text()) || text.broken);
    return answer;
  }

  async function refusal(answer) {
    return answer.status === 403 ? text.gone : answer.text();
  }

  async function sent(photo) {
    const at = { offset: photo.where ? null : 0 };
    let pause = FIRST_PAUSE;
    show(text.sending);
    while (!stopped.signal.aborted) {
      try {
        const over = await step(photo, at);
        if (over) return over;
        pause = FIRST_PAUSE;
        show(text.sending);
      } catch (error) {
        if (stopped.signal.aborted) break;
        at.offset = null; // what has come is asked
        show(error instanceof TypeError || error.name === "TimeoutError" ? text.broken : error.message);
        await new Promise((done) => {
          setTimeout(done, pause);
          window.addEventListener("online", done, { once: true });
          stopped.signal.addEventListener("abort", done);
        });
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      }
    }
    if (photo.where) fetch(photo.where, { method: "DELETE" }).catch(() => {});
    return text.cancelled;
  }

  let busy = false;

  async function work() {
    if (busy) return;
    busy = true;
    const all = async () => {
      for (let photo = await next(); photo; photo = await next()) {
        stopped = new AbortController();
        const over = await sent(photo);
        await drop(photo);
        show(over, true);
      }
    };
    // Of several windows one sends; the next one goes on where it was closed.
    try {
      if (navigator.locks) await navigator.locks.request("photos", all);
      else await all();
    } finally {
      busy = false;
    }
  }

  function show(what, over = false) {
    sending.hidden = false;
    if (said.textContent !== what) said.textContent = what;
    for (const part of [bar, much, cancel]) part.hidden = over;
    if (over) {
      bar.value = 0;
      much.textContent = "";
    }
  }

  cancel.addEventListener("click", () => stopped && stopped.abort());

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form.pieces")) return;
    event.preventDefault();
    take(event.target);
  });

  // On a phone whoever takes a photo has looked at it, and said that it is the one: it goes by itself, where one is asked for.
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    const asked = event.target.type === "file" && form && form.matches(".pieces[data-asked]");
    if (asked && event.target.files.length && matchMedia("(pointer: coarse)").matches) form.requestSubmit();
  });

  // Consent: a button that is held until its bar is full. A short press offers another one that confirms, elsewhere, for
  // whoever can't hold one. Whatever takes finger, key or page away in between agrees to nothing.
  let held = null;
  let offered = -Infinity;

  function begin(button) {
    if (held) return;
    held = { button, began: performance.now(), seen: performance.now() };
    button.dataset.held = "";
    requestAnimationFrame(look);
  }

  function end() {
    if (!held) return;
    delete held.button.dataset.held;
    full(held.button, 0);
    held = null;
  }

  function look() {
    if (!held) return;
    const now = performance.now();
    if (!held.button.isConnected || document.hidden || now - held.seen > FROZEN) return end();
    held.seen = now;
    full(held.button, (now - held.began) / HOLD);
    if (now - held.began >= HOLD) return agree(held.button);
    return requestAnimationFrame(look);
  }

  function full(button, part) {
    button.form.querySelector("progress").value = Math.min(part, 1);
  }

  function agree(button) {
    const form = button.form;
    end();
    if (form.dataset.sent !== undefined) return;
    form.dataset.sent = "";
    form.elements.sure.checked = true;
    form.requestSubmit(button);
  }

  function offer(button) {
    end();
    const now = performance.now();
    const confirm = button.form.querySelector(".confirm");
    offered = now;
    confirm.hidden = false;
    confirm.dataset.held = ""; // the part stays as it is while it is there
    setTimeout(() => {
      if (offered !== now) return;
      confirm.hidden = true;
      delete confirm.dataset.held;
    }, OFFERED);
  }

  const holds = (event) => event.target.closest && event.target.closest("[data-hold]");

  document.addEventListener("pointerdown", (event) => {
    const button = holds(event);
    if (!button || !event.isPrimary || event.button !== 0) return;
    if (event.target.hasPointerCapture(event.pointerId)) event.target.releasePointerCapture(event.pointerId);
    begin(button); // a finger that slides off has let go, so it is not captured
  });
  document.addEventListener("pointerup", (event) => held && holds(event) && offer(held.button));
  document.addEventListener("pointerout", (event) => {
    const button = holds(event);
    if (button && !button.contains(event.relatedTarget)) end();
  });
  for (const lost of ["pointercancel", "focusout"]) document.addEventListener(lost, (event) => holds(event) && end());
  for (const lost of ["blur", "pagehide"]) window.addEventListener(lost, end);
  document.addEventListener("contextmenu", (event) => holds(event) && event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const button = holds(event);
    if (!button || ![" ", "Enter"].includes(event.key)) return;
    event.preventDefault();
    if (!event.repeat) begin(button);
  });
  document.addEventListener("keyup", (event) => {
    if (!holds(event) || ![" ", "Enter"].includes(event.key)) return;
    event.preventDefault();
    if (held) offer(held.button);
  });
  document.addEventListener("click", (event) => {
    const button = holds(event);
    const confirm = event.target.closest && event.target.closest("[data-confirm]");
    if (button || confirm) event.preventDefault();
    if (button && event.detail === 0) offer(button); // by what reads the screen, and holds nothing
    if (confirm && performance.now() - offered > CONFIRM_AFTER) agree(confirm);
  });

  work();
}
