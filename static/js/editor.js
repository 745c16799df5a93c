// Edit the text where it stands: a segment becomes a field that looks like the text. What is typed is kept at once and saved when
// typing pauses or the focus goes elsewhere. What the server answers is put into the page, but never under the hands of somebody.

import { tellNotDone } from "./connection.js";
import { add, askWho, marksAt, remove } from "./editoracts.js";
import { actOf, nameKeys } from "./editorkeys.js";
import { grow } from "./grow.js";
import { put } from "./paragraphs.js";
import { Press, keepAt } from "./press.js";
import { offsetAt } from "./spoken.js";
import { SegmentTimes } from "./times.js";
import { hold, release } from "./typeahead.js";

const PAUSE_MILLISECONDS = 1200;

export class Editor {
  // `player` can `toggle`, `skip` by seconds and `playFrom`.
  constructor(transcript, outbox, player) {
    this.transcript = transcript;
    this.outbox = outbox;
    this.player = player;
    this.template = document.getElementById("editor");
    nameKeys(this.template);
    this.press = new Press(this);
    document.body.addEventListener("htmx:oobBeforeSwap", (event) => this.hold(event));
    document.body.addEventListener("htmx:oobAfterSwap", ({ detail }) => detail.target === transcript && this.takeBack());
    document.body.addEventListener("text-saved", ({ detail }) => this.goOn(detail));
    transcript.addEventListener("focusout", (event) => this.leave(event));
  }

  passages() {
    return [...this.transcript.querySelectorAll("[data-segment]")];
  }

  passage(segment) {
    return this.transcript.querySelector(`[data-segment="${segment}"]`);
  }

  get field() {
    return this.form?.querySelector("textarea");
  }

  openAt(event) {
    const passage = event.target.closest("[data-segment]");
    if (!passage) return;
    if (this.outbox.isReshaping(passage.dataset.segment)) this.openLater(passage.dataset.segment, offsetAt(event));
    else this.open(passage, offsetAt(event), event.clientY);
  }

  // Once its text is what it is going to be. What is waited for leads to where it would, or into the line that was clicked.
  openLater(segment, offset) {
    this.close();
    const text = this.outbox.texts.get(segment)?.text;
    if (text?.includes("\n")) {
      const lines = text.slice(0, offset).split("\n");
      const part = lines.length - 1;
      this.leadTo({ segment, isNew: part > 0, open: segment, part, offset: lines.at(-1).trimStart().length });
    } else if (this.then?.open === segment) this.then.offset = offset;
  }

  // With the caret at a place of its text, which stays at this height of the window.
  open(passage, offset = 0, height = null) {
    if (!passage) return;
    this.close();
    const { segment, start, end } = passage.dataset;
    passage = this.passage(segment); // Closing may have put another one in its place.
    if (!passage) return;
    this.form = this.template.content.firstElementChild.cloneNode(true);
    this.segment = segment;
    this.times = [Number(start), Number(end)];
    if (this.then) release();
    this.then = null; // Whoever goes elsewhere stays there.
    Object.assign(this, this.outbox.before(segment, passage.textContent));
    this.form.action = this.form.querySelector("[data-more]").href = this.outbox.addressOf(segment);
    this.field.value = this.outbox.texts.get(segment)?.text ?? this.original;
    passage.hidden = true;
    passage.before(this.form);
    this.listen();
    grow(this.field);
    if (height !== null) keepAt(height, this.field, offset);
    this.field.focus({ preventScroll: true });
    this.field.setSelectionRange(offset, offset);
    this.form.scrollIntoView({ block: "nearest" });
  }

  listen() {
    this.field.addEventListener("input", () => this.type());
    this.form.addEventListener("keydown", (event) => this.act(event));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("click", (event) => this.click(event.target.closest("button")));
    this.moments = new SegmentTimes(this.form, this.times, { onSet: (values) => this.setTimes(values), onLeave: () => this.field.focus() });
  }

  type() {
    grow(this.field);
    this.keep(this.field.value);
    clearTimeout(this.timer);
    // Nothing is deleted because somebody takes their time to think of another word.
    if (this.field.value.trim()) this.timer = setTimeout(() => this.outbox.send(), PAUSE_MILLISECONDS);
  }

  keep(text) {
    if (text === this.base && !this.outbox.sent) this.outbox.drop(this.segment);
    else this.outbox.keep(this.segment, text, this.base);
  }

  // Back to the text. What was typed stands there until the server's answer takes its place.
  close({ focus = false } = {}) {
    this.addition?.end({ isLeft: true });
    if (!this.form) return;
    clearTimeout(this.timer);
    const { form, segment, pending } = this;
    const text = this.field.value;
    this.form = this.pending = null;
    const moment = form.closest(".paragraph").querySelector(".moment").id;
    form.remove();
    if (pending) pending();
    const passage = this.passage(segment);
    if (passage) this.putBack(passage, text);
    this.outbox.send(segment);
    if (focus) (document.getElementById(moment) ?? passage?.closest(".paragraph")?.querySelector(".moment"))?.focus({ preventScroll: true });
  }

  putBack(passage, text) {
    passage.hidden = false;
    if (!this.outbox.texts.has(passage.dataset.segment)) return;
    passage.textContent = text.replaceAll("\n", " ");
    passage.dataset.words = "";
    this.transcript.dispatchEvent(new CustomEvent("put-back", { detail: passage }));
  }

  leave({ relatedTarget }) {
    if (!this.form || !this.form.isConnected || this.form.contains(relatedTarget)) return;
    this.outbox.send(this.segment);
    if (!relatedTarget || relatedTarget.closest("[data-player], dialog, [popover]")) return;
    this.isLeft = true;
    if (!this.press.isDown) setTimeout(() => this.closeIfLeft());
  }

  closeIfLeft() {
    if (document.activeElement !== this.addition?.field) this.addition?.end({ isLeft: true });
    if (this.isLeft && this.form && !this.form.contains(document.activeElement)) this.close();
    this.isLeft = false;
  }

  revert() {
    this.field.value = this.original;
    this.keep(this.original);
    this.close({ focus: true });
  }

  // The paragraph that is edited takes its new state when that is over; all of the text does at once, and the field goes with it.
  hold(event) {
    const { target, fragment } = event.detail;
    if (!this.form || fragment.localName === "div") return; // What comes beside it leaves it as it is.
    if (target === this.transcript) {
      this.seat = { segment: this.segment, text: this.field.value, base: this.base, at: this.field.selectionStart };
      this.form = this.pending = null;
    } else if (target.contains(this.form)) {
      event.preventDefault();
      this.pending = () => put(target, fragment);
    }
  }

  takeBack() {
    const { segment, text, base, at } = this.seat ?? {};
    this.seat = null;
    if (!segment || !this.passage(segment)) return;
    this.open(this.passage(segment), at);
    this.base = this.outbox.texts.get(segment)?.base ?? base;
    if (this.outbox.texts.has(segment)) this.field.value = text;
    else this.base = this.original;
    this.field.setSelectionRange(at, at);
  }

  // What is written from now on is written over the text that is saved.
  take(segment, text) {
    if (this.form && segment === this.segment) this.base = text;
  }

  // Where it is gone on once the server has answered. What is typed until then is written there.
  leadTo(then) {
    this.then = then;
    if (then) hold();
  }

  // After a change that leads on to another segment.
  goOn({ segment, created }) {
    const { then } = this;
    if (!then || (then.segment && then.segment !== String(segment)) || this.outbox.acts.length) return; // The text first, then the act.
    this.then = null;
    setTimeout(() => (then.act ? then.act() : this.open(this.passage(then.isNew ? created[(then.part ?? 1) - 1] : then.open), then.offset)));
  }

  // What was to be done was not: the notice says why, unless there is no connection.
  stay(status) {
    if (this.then) release();
    this.then = null;
    if (!status) tellNotDone();
  }

  click(button) {
    if (!button) return;
    const { dataset } = button;
    if ("playSegment" in dataset) this.player.playFrom(this.times[0]);
    else if ("split" in dataset) this.split();
    else if ("join" in dataset) this.join(this.passage(this.segment), this.next(1));
    else if ("add" in dataset) add(this);
    else if ("who" in dataset) askWho(this);
    else if ("delete" in dataset) remove(this);
  }

  act(event) {
    const act = event.isComposing || event.defaultPrevented ? null : actOf(event, this);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  next(step) {
    const all = this.passages();
    return all[all.findIndex((each) => each.dataset.segment === this.segment) + step];
  }

  go(step) {
    const passage = this.next(step);
    if (passage) this.open(passage, step < 0 ? passage.textContent.length : 0);
  }

  split() {
    const { value, selectionStart } = this.field;
    const at = selectionStart + marksAt(value, selectionStart);
    if (!value.slice(0, at).trim() || !value.slice(at).trim()) return this.field.focus();
    this.leadTo({ segment: this.segment, isNew: true, offset: 0 });
    this.field.value = `${value.slice(0, at)}\n${value.slice(at)}`;
    this.keep(this.field.value);
    this.close({ focus: true });
  }

  join(first, second) {
    if (!first || !second) return;
    const segment = first.dataset.segment;
    const text = segment === this.segment ? this.field.value.trim() : first.textContent;
    this.leadTo({ segment, open: segment, offset: text.length });
    this.close({ focus: true });
    this.outbox.act(`${this.outbox.addressOf(segment)}join`, { base: text }, null, [segment, second.dataset.segment]);
  }

  setTimes(values) {
    const { segment, moments } = this;
    const base = this.field.value.trim();
    this.then = { segment, open: segment, offset: this.field.selectionStart };
    this.outbox.act(`${this.outbox.addressOf(segment)}times`, { ...values, base }, moments);
  }
}
