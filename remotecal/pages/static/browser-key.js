// Signing by a key that this browser keeps: it can be used here, and never be taken out. What leaves is the public key in a
// request signed with it, and signatures on what a page shows.
"use strict";
{
  const BITS = 3072;
  const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const UNIT = "browser key"; // the authority certifies it as that
  const able = window.isSecureContext && window.crypto && crypto.subtle && window.indexedDB;

  const base64 = (bytes) => btoa([...bytes].map((byte) => String.fromCharCode(byte)).join(""));
  const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));

  // The keys this browser keeps, one for each user of this hub.
  const base = new Promise((done, failed) => {
    if (!able) return;
    const asked = indexedDB.open("remotecal-keys", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("keys", { keyPath: "user" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });

  async function ask(work) {
    const opened = await base;
    return new Promise((done, failed) => {
      const transaction = opened.transaction("keys", "readwrite");
      const asked = work(transaction.objectStore("keys"));
      transaction.oncomplete = () => done(asked.result);
      transaction.onerror = transaction.onabort = () => failed(transaction.error);
    });
  }
  const keyOf = (user) => ask((keys) => keys.get(user));

  // DER (ITU-T X.690): one value after its tag and length.
  function der(tag, ...parts) {
    const content = parts.flatMap((part) => [...part]);
    const size = content.length;
    const long = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
    return Uint8Array.of(tag, ...long, ...content);
  }
  const named = (type, text) =>
    der(0x31, der(0x30, der(0x06, [0x55, 0x04, type]), der(0x0c, new TextEncoder().encode(text))));

  // A certificate signing request (RFC 2986), signed with the key it is for.
  async function request(kept) {
    const subject = der(0x30, named(0x0b, UNIT), named(0x03, kept.name));
    const asked = der(0x30, [0x02, 0x01, 0x00], subject, new Uint8Array(kept.spki), [0xa0, 0x00]);
    const how = der(0x30, der(0x06, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]), [0x05, 0x00]);
    const signature = new Uint8Array(await crypto.subtle.sign(RSA, kept.key, asked));
    const lines = base64(der(0x30, asked, how, der(0x03, [0x00], signature))).match(/.{1,64}/g);
    return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join("\n")}\n-----END CERTIFICATE REQUEST-----\n`;
  }

  async function make(user, name) {
    const how = { ...RSA, modulusLength: BITS, publicExponent: Uint8Array.of(1, 0, 1) };
    const pair = await crypto.subtle.generateKey(how, false, ["sign", "verify"]);
    const spki = await crypto.subtle.exportKey("spki", pair.publicKey);
    await ask((keys) => keys.add({ user, name, key: pair.privateKey, spki })); // never in the place of another
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
  }

  const refused = document.getElementById("refused");
  function say(text) {
    refused.textContent = text;
    refused.hidden = false;
  }
  const failed = (error) => refused && say(refused.dataset.failed.replace("{told}", () => error));

  // The page of the key: whether there is one, what is to be done with it.
  const page = document.getElementById("browser-key");

  async function show() {
    const { user, pem, key, name, until } = page.dataset;
    const kept = await keyOf(user);
    document.getElementById("no-key").hidden = Boolean(kept);
    document.getElementById("has-key").hidden = !kept;
    page.hidden = false;
    const print = kept && hex(await crypto.subtle.digest("SHA-256", kept.spki));
    if (pem && key !== print) say(refused.dataset.other);
    else if (pem) await ask((keys) => keys.put(Object.assign(kept, { pem, name, until })));
    if (!kept) return;
    document.getElementById("key-holder").textContent = kept.name;
    document.getElementById("key-print").textContent = print;
    const certified = document.getElementById("key-until");
    certified.textContent = kept.pem ? kept.until : certified.dataset.none;
    page.querySelector(".holder").textContent = `"${kept.name.replace(/["\\$`]/g, "\\$&")}"`;
    document.getElementById("request").value = await request(kept);
  }

  function does(form, work) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true; // pressed once
      work()
        .catch(failed)
        .finally(() => (button.disabled = false));
    });
  }

  if (able) {
    for (const one of document.querySelectorAll("[data-without]")) one.hidden = true;
    for (const part of document.querySelectorAll("[data-by-key]")) {
      const form = part.querySelector("form");
      keyOf(part.dataset.byKey)
        .then((kept) => {
          const ready = Boolean(kept && kept.pem);
          if (ready) form.elements.certificate.value = kept.pem;
          form.hidden = !ready;
          part.querySelector("[data-none]").hidden = ready;
        })
        .catch(() => (part.querySelector("[data-without]").hidden = false)); // this browser keeps none
    }
  }

  if (able && page) {
    show().catch(failed);
    const making = page.querySelector("#no-key form");
    does(making, async () => {
      await make(page.dataset.user, making.elements.holder.value.trim());
      await show();
    });
    does(page.querySelector("details form"), async () => {
      await ask((keys) => keys.delete(page.dataset.user));
      location.assign(location.pathname.replace(/\/certificate$/, ""));
    });
  }

  // The page of an act: what it shows is what is signed, or nothing is.
  const signing = document.getElementById("sign-here");
  if (able && signing) {
    signing.querySelector("button").hidden = false;
    does(signing, async () => {
      const kept = await keyOf(signing.dataset.user);
      if (!kept) return say(refused.dataset.none);
      for (const field of signing.querySelectorAll("[data-signed-info]")) {
        const asked = bytes(field.dataset.signedInfo);
        const shown = base64(unhex(field.dataset.sha256));
        if (!new TextDecoder().decode(asked).includes(`>${shown}<`)) return say(refused.dataset.other);
        field.value = base64(new Uint8Array(await crypto.subtle.sign(RSA, kept.key, asked)));
      }
      HTMLFormElement.prototype.submit.call(signing);
    });
  }
}
