// Texts that are not saved yet. They stay in this tab until the server has them, through a dropped connection and a reload, and are
// sent one after the other. The server takes none that was written over another text than the one that is there: then a person is
// asked, and nothing is sent before they answer. What they put off is `held` until they leave its segment again, or choose to be asked.

import { Saving, pauseAfter } from "./saving.js";
import { token } from "./session.js";

const GONE = [404, 410]; // The recording is deleted: nothing more is sent, and what was typed stays to be copied.

export class Outbox {
  // `addressOf` tells where a segment is saved. `onSaved` is called with a segment and the text that the server has from now on,
  // `onRefused` with one whose text is not saved as it is, `onLeft` with one that keeps the text of somebody else, `onMixed` with one
  // and what was made of both texts, and `onFailed` where something could not be done. `onRefused` is told also over which text it was written, where the page may not show that, and
  // returns whether the segment is there to be edited.
  constructor(job, addressOf, { onSaved, onRefused, onLeft, onMixed, onFailed }) {
    this.key = `selenite.unsaved.${job}`;
    this.addressOf = addressOf;
    this.onSaved = onSaved;
    this.onRefused = onRefused;
    this.onLeft = onLeft;
    this.onMixed = onMixed;
    this.onFailed = onFailed;
    this.texts = new Map(this.recall());
    this.acts = [];
    this.tries = 0;
    this.saving = new Saving(document.getElementById("saving"), () => this.askAgain());
    document.body.addEventListener("htmx:afterRequest", (event) => event.detail.elt.id === "outbox" && this.settle(event.detail.xhr));
    document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
      if (detail.requestConfig.elt.id === "outbox" && this.isToldElsewhere(detail.xhr.status)) detail.shouldSwap = false;
    });
    document.body.addEventListener("click", (event) => this.choose(event));
    this.dialog = document.getElementById("dialog");
    this.dialog.addEventListener("close", () => this.putOff());
    this.dialog.addEventListener("submit", (event) => this.take(event));
    addEventListener("online", () => this.send());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.tries && this.send());
    addEventListener("pagehide", () => this.sendAtTheEnd());
    addEventListener("beforeunload", (event) => (this.tries || this.asked || this.isHolding || (this.isGone && this.texts.size)) && event.preventDefault());
    if (this.texts.size) this.send();
  }

  recall() {
    try {
      const texts = JSON.parse(sessionStorage.getItem(this.key)) ?? [];
      return texts.map(([segment, { text, base }]) => [segment, { text, base }]); // What was asked then is asked again.
    } catch {
      return []; // Storage is switched off, or holds something else.
    }
  }

  remember() {
    try {
      if (this.texts.size) sessionStorage.setItem(this.key, JSON.stringify([...this.texts]));
      else sessionStorage.removeItem(this.key);
    } catch {
      return; // Storage is full or switched off: then a reload loses what is not saved, of which the browser warns.
    }
  }

  // What was typed last, over the text that the segment had. It is not sent yet.
  keep(segment, text, base) {
    const known = this.texts.get(segment);
    const isChanged = known?.isChanged; // They write on before they choose.
    this.texts.set(segment, { text, base: known?.base ?? base, isChanged, isHeld: isChanged });
    this.remember();
    this.show();
  }

  drop(segment) {
    this.texts.delete(segment);
    this.remember();
    this.show();
  }

  // Something that is done once all texts are saved. It is not done later, where it cannot be done now: `asker` may take it `back`. It
  // is told by `refuse` why the server does not do it, while it `isThere`; else a notice says so.
  // `changed` are the segments whose text it changes.
  act(path, values, asker, changed = []) {
    this.acts.push({ path, values, asker, changed });
    this.send();
  }

  // Whether the text of a segment on the page is not what it will be: it is cut, or put together with another one, just now.
  isReshaping(segment) {
    const acts = [...this.acts, this.sent ?? {}];
    return acts.some(({ changed }) => changed?.includes(segment)) || Boolean(this.texts.get(segment)?.text.includes("\n"));
  }

  // What is wrong with what was sent is told beside it. Of a text the line says that it is kept from who is signed out, and that two
  // texts are to be chosen from, where something else is asked just now.
  isToldElsewhere(status) {
    if (status === 422) return this.sent?.asker?.isThere;
    const isText = this.sent && "segment" in this.sent;
    return isText && (status === 401 || (status === 409 && this.dialog.open));
  }

  get isHolding() {
    return [...this.texts.values()].some(({ isHeld }) => isHeld);
  }

  // What a segment is written over from now on, and what it is left as, where the page shows this text.
  before(segment, shown) {
    const kept = this.texts.get(segment);
    return kept && !kept.isHeld ? { base: kept.base, original: kept.text } : { base: shown, original: shown };
  }

  // `left` is a segment that somebody has just left.
  send(left) {
    clearTimeout(this.timer);
    if (this.texts.has(left) && !this.asked) this.texts.get(left).isHeld = false;
    if (this.sent || this.asked) return;
    const [segment, entry] = [...this.texts].find(([, { isHeld }]) => !isHeld && !this.isGone) ?? [];
    const act = entry ? null : this.acts.shift();
    if (!entry && !act) return this.show();
    this.sent = entry ? { segment, text: entry.text } : { asker: act.asker, changed: act.changed };
    const values = entry ? { text: entry.text, base: entry.base, chosen: entry.isChosen ? "on" : "" } : act.values;
    const sending = htmx.ajax("POST", entry ? this.addressOf(segment) : act.path, {
      source: "#outbox",
      target: "#messages",
      swap: "outerHTML",
      values: { ...values, known: document.getElementById("known")?.value ?? "", recording: titleHere(), csrfmiddlewaretoken: token() },
    });
    sending.catch(() => {}); // `settle` sees to it.
    this.show();
  }

  settle({ status, response }) {
    const { segment, text, asker } = this.sent ?? {};
    const entry = this.texts.get(segment);
    const isDone = status >= 200 && status < 300;
    this.isGone ||= GONE.includes(status);
    if (entry && !isDone && !this.isGone && ![409, 422].includes(status)) return this.wait(status);
    if (entry && isDone) this.saved(segment, entry, text);
    if (!isDone) this.refused(status, segment, entry);
    if (status === 422 && asker?.isThere) asker.refuse(sentenceOf(response));
    if (!isDone) asker?.back?.();
    this.sent = null; // Not before: what is opened again closes what is open, which sends.
    this.tries = 0;
    this.remember();
    this.send();
  }

  // A conflict is shown in a dialog. What else the server does not take as it is comes back to the one who wrote it.
  refused(status, segment, entry) {
    if (status === 409 && !this.isToldElsewhere(status)) this.asked = { segment: entry && segment };
    this.onFailed(status);
    if (!entry) return;
    this.giveUpActs();
    entry.isHeld = true;
    entry.isChanged = status === 409;
    if (status === 422) this.onRefused(segment, entry.base);
  }

  saved(segment, entry, text) {
    if (entry.text === text) this.texts.delete(segment);
    else this.texts.set(segment, { text: entry.text, base: text }); // Written on while it was sent.
    this.onSaved(segment, text);
  }

  wait(status) {
    this.sent = null;
    this.tries += 1;
    this.isSignedOut = status === 401;
    this.timer = setTimeout(() => this.send(), pauseAfter(this.tries));
    this.giveUpActs();
    this.show();
  }

  giveUpActs() {
    for (const { asker } of this.acts.splice(0)) asker?.back?.();
  }

  // In the dialog that shows both texts: one of them stays.
  choose(event) {
    const button = event.target.closest("[data-use]");
    const segment = button?.closest("[data-conflict]")?.dataset.conflict;
    if (!segment) return;
    const isAsked = this.asked?.segment === segment;
    this.asked = null;
    if (button.dataset.use === "mine") this.useMine(segment, button.form.elements);
    else if (button.dataset.use === "mixed") this.useMixed(segment, button.form.elements);
    else if (isAsked) this.drop(segment);
    if (isAsked && !this.texts.has(segment)) this.onLeft(segment);
    this.send();
  }

  // It is written over theirs from now on, and kept until the server has it.
  useMine(segment, { text, base }) {
    this.texts.set(segment, { text: this.texts.get(segment)?.text ?? text.value, base: base.value, isChosen: true });
    this.remember();
  }

  useMixed(segment, { text, base }) {
    this.texts.set(segment, { text: text.value, base: base.value, isChosen: true });
    this.remember();
    this.onMixed(segment, text.value);
  }

  // Keys send its form without a click.
  take(event) {
    if (!event.target.closest("[data-conflict]")) return;
    event.preventDefault();
    event.submitter?.click();
  }

  askAgain() {
    for (const entry of this.texts.values()) entry.isHeld &&= !entry.isChanged;
    this.send();
  }

  // Who closes that dialog without an answer has their text before them again. Leaving it is saving it: they are asked again; at once,
  // after all else is saved, where the segment is gone.
  putOff() {
    const { segment } = this.asked ?? {};
    const entry = this.texts.get(segment);
    const isOpen = entry && this.onRefused(segment);
    this.asked = null;
    if (entry && !isOpen) this.sendLast(segment, entry);
    this.remember();
    this.send();
  }

  sendLast(segment, { text, base }) {
    this.texts.delete(segment);
    this.texts.set(segment, { text, base });
  }

  // Who leaves the page while something is on its way loses nothing of it. What a person is asked about is not sent without an answer.
  sendAtTheEnd() {
    for (const [segment, { text, base, isHeld }] of this.texts) {
      if (isHeld) continue;
      const form = new FormData();
      for (const [name, value] of Object.entries({ text, base, csrfmiddlewaretoken: token() })) form.append(name, value);
      navigator.sendBeacon(this.addressOf(segment), form);
    }
  }

  show() {
    const texts = [...this.texts.values()];
    const isChanged = texts.some((entry) => entry.isHeld && entry.isChanged);
    const why = this.isGone ? "gone" : isChanged ? "changed" : !this.tries ? "waits" : this.isSignedOut ? "signed-out" : "offline";
    this.saving.show(texts.length || this.isGone ? why : null);
  }
}

// It cannot be told by a server that has no such recording any more.
function titleHere() {
  return document.querySelector("h1")?.textContent.trim() ?? "";
}

// What the notice of an answer says.
function sentenceOf(response) {
  return new DOMParser().parseFromString(response, "text/html").querySelector(".notice p")?.textContent ?? "";
}
