// Through the words that are perhaps wrong, one after the other: each is played with a second before and after it, then a person
// finds it right, or fixes it here or wherever the text has it.

import { offsetIn, wordsOf } from "./spoken.js";

const AROUND_SECONDS = 1;
const AROUND = /^(?:(?![%&@#])\p{P}|\s)+|(?:(?![%&@#])\p{P}|\s)+$/gu; // What stands around a word and is none of it.
const APART = 16; // Pixels, of which the notices begin 8 higher than the card does without them.
const NO_MORE = "There are no doubtful words left.";

export class DoubtfulWords {
  // `editing` opens the editor and sends what a person decides.
  constructor(transcript, media, editing) {
    this.transcript = transcript;
    this.media = media;
    this.editing = editing;
    this.card = document.getElementById("doubt");
    this.said = document.getElementById("announcement");
    document.addEventListener("click", (event) => this.click(event));
    this.card.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    // Once for all that an answer changes; a long text comes in parts.
    document.body.addEventListener("htmx:oobAfterSwap", () => this.wait());
    new MutationObserver(() => this.wait()).observe(transcript, { childList: true });
    this.tell();
    this.keepAbove();
    media.addEventListener("timeupdate", () => this.end());
    media.addEventListener("pause", () => (this.until = null));
    media.addEventListener("seeking", () => this.until && this.leave());
  }

  marks() {
    return [...this.transcript.querySelectorAll("mark.doubt")];
  }

  wait() {
    this.waiting ??= setTimeout(() => this.refresh());
  }

  refresh() {
    this.waiting = undefined;
    this.tell();
    if (this.current) this.show(this.find());
  }

  // The card stands above the notices, which keep their place. An answer brings an element of its own for them.
  keepAbove() {
    const show = ({ offsetHeight }) => this.card.style.setProperty("--notice", `${offsetHeight && offsetHeight + APART}px`);
    const sizes = new ResizeObserver(([{ target }]) => show(target));
    const watch = () => {
      sizes.disconnect();
      sizes.observe(document.getElementById("messages"));
    };
    new MutationObserver(watch).observe(document.getElementById("page"), { childList: true });
    watch();
  }

  // How many there are.
  tell() {
    const link = document.getElementById("doubtful");
    if (!link) return;
    const total = this.marks().length;
    link.hidden = !total;
    link.querySelector("[data-doubt-total]").textContent = total;
    link.querySelector("[data-doubt-words]").textContent = total === 1 ? " word" : " words";
  }

  // Where a mark stands, in the order of the text.
  placeOf(mark) {
    const { segment, start } = mark.closest("[data-segment]").dataset;
    return { segment, start: Number(start), word: Number(mark.dataset.word) };
  }

  find() {
    const { segment, word } = this.current;
    return this.transcript.querySelector(`[data-segment="${segment}"] > mark[data-word="${word}"]`);
  }

  // From the word where a person is, else from what is played.
  step(by) {
    const { current } = this;
    const after = (mark) => {
      const place = this.placeOf(mark);
      if (!current) return place.start >= this.media.currentTime ? 1 : -1;
      if (place.segment === current.segment) return Math.sign(place.word - current.word);
      return place.start < current.start ? -1 : 1;
    };
    const marks = this.marks();
    const mark = by > 0 ? marks.find((each) => after(each) > 0) : marks.findLast((each) => after(each) < 0);
    return mark ?? (by > 0 ? marks[0] : marks.at(-1));
  }

  go(by, { byKey = false } = {}) {
    const mark = this.step(by);
    this.current = mark ? this.placeOf(mark) : null;
    this.show(mark);
    if (!mark) return this.say(NO_MORE);
    mark.scrollIntoView({ block: "center" });
    if (byKey) mark.closest(".paragraph").querySelector(".moment").focus({ preventScroll: true });
    this.say(`${mark.textContent.replace(AROUND, "")}. ${mark.title}. ${this.count(mark)}`);
    this.play();
  }

  // Until it is not so any more, or something else is said there.
  say(sentence) {
    this.saying = this.said.textContent = sentence;
  }

  count(mark) {
    const marks = this.marks();
    return `${marks.indexOf(mark) + 1} of ${marks.length}`;
  }

  // The card tells of one word. Where that is not doubtful any more, it waits for the next.
  show(mark) {
    this.transcript.querySelector("mark[data-here]")?.removeAttribute("data-here");
    if (!mark && this.card.contains(document.activeElement)) document.getElementById(this.moment)?.focus({ preventScroll: true });
    this.card.hidden = !mark;
    if (!mark && this.said.textContent === this.saying) this.said.textContent = "";
    if (!mark) return;
    this.moment = mark.closest(".paragraph").querySelector(".moment").id;
    mark.dataset.here = "";
    this.card.querySelector("[data-doubt-word]").textContent = mark.textContent;
    this.card.querySelector("[data-doubt-why]").textContent = mark.title;
    this.card.querySelector("[data-doubt-count]").textContent = this.count(mark);
  }

  close() {
    this.current = null;
    this.show(null);
  }

  // Where the word stands in its passage, and when it is said.
  get word() {
    const mark = this.current && this.find();
    if (!mark) return null;
    const passage = mark.closest("[data-segment]");
    const offset = offsetIn(passage, mark, 0);
    const words = wordsOf(passage);
    const index = words.findLastIndex(([place]) => place <= offset);
    const end = words[index + 1]?.[1] ?? Number(passage.dataset.end);
    return { mark, passage, offset, start: words[index]?.[1] ?? Number(passage.dataset.start), end };
  }

  play() {
    const { word } = this;
    if (!word || !this.media.currentSrc) return;
    this.from = Math.max(0, word.start - AROUND_SECONDS);
    this.until = null;
    this.media.currentTime = this.from;
    this.until = word.end + AROUND_SECONDS;
    this.media.play().catch(() => {}); // Of a failure the player tells.
  }

  // Whoever goes elsewhere hears on.
  leave() {
    const now = this.media.currentTime;
    if (now < this.from - 0.1 || now > this.until) this.until = null;
  }

  end() {
    if (this.until && this.media.currentTime >= this.until) this.media.pause();
  }

  accept() {
    const { word } = this;
    if (!word || !this.editing.canEdit) return;
    const { outbox } = this.editing;
    const { segment, word: place } = this.current;
    const values = { base: word.passage.textContent, word: place };
    if (this.marks().length > 1) this.go(1);
    else this.close();
    outbox.act(`${outbox.addressOf(segment)}heard`, values);
  }

  fix() {
    const { word } = this;
    if (!word || !this.editing.canEdit) return;
    const { editor } = this.editing;
    const text = word.mark.textContent;
    const bare = text.replace(AROUND, "") || text;
    const start = word.offset + text.indexOf(bare);
    editor.open(word.passage, start);
    editor.field?.setSelectionRange(start, start + bare.length);
  }

  // By find and replace, which shows all places first.
  fixAll() {
    const { word } = this;
    const link = document.getElementById("replace");
    if (!word || !link) return;
    htmx.ajax("GET", `${link.getAttribute("href")}?${new URLSearchParams({ word: word.mark.textContent })}`, { source: "#replace", target: "#dialog" });
  }

  click(event) {
    event.target.closest("[data-close-offer]")?.closest(".rule-offer").replaceChildren();
    const first = event.target.closest("[data-doubtful]");
    if (first && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      return this.go(1);
    }
    const act = event.target.closest("[data-doubt-act]")?.dataset.doubtAct;
    ({ previous: () => this.go(-1), next: () => this.go(1), play: () => this.play(), accept: () => this.accept(), fix: () => this.fix(), all: () => this.fixAll(), close: () => this.close() })[act]?.();
  }
}
