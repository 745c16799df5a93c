// The menu that asks who speaks in a passage: for the paragraph whose name is clicked, the word that was chosen by keyboard, or
// the text that is selected. Without this script the names lead to a page that asks the same.

import { restoreFocus } from "./focus.js";
import { fold } from "./fold.js";
import { placesOf, wordsBetween } from "./spoken.js";

const GAP = 6; // Pixels between the menu and what it is about.

export class WhoMenu {
  constructor(transcript, reading) {
    this.transcript = transcript;
    this.reading = reading;
    this.menu = document.getElementById("who");
    transcript.addEventListener("click", (event) => this.click(event));
    transcript.addEventListener("ask-who", ({ detail }) => this.askFor(detail));
    // Not before it is settled: until then htmx would not take the form, and the browser would leave the page.
    document.body.addEventListener("htmx:afterSettle", ({ detail }) => detail.target === this.menu && this.show());
    this.menu.addEventListener("action-done", () => this.menu.hidePopover());
    this.menu.addEventListener("click", (event) => this.rename(event));
    this.menu.addEventListener("input", (event) => this.find(event.target));
    this.menu.addEventListener("keydown", (event) => this.press(event));
    this.menu.addEventListener("toggle", (event) => event.newState === "closed" && this.leave());
  }

  // While nobody else writes the text, and the menu is not open already.
  get canAsk() {
    return Boolean(document.getElementById("speakers").dataset.assign) && !this.menu.matches(":popover-open");
  }

  click(event) {
    const link = event.target.closest("[data-voice]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const paragraph = link.closest(".paragraph");
    this.ask(document.getElementById(paragraph.id) ?? paragraph, this.selected(), { words: this.words() }); // A new one, where it was edited.
  }

  // For the key: what is selected, else the chosen word, else the paragraph that has the focus.
  askHere() {
    const selected = this.selected();
    const passage = selected[0] ?? this.reading.passage;
    const paragraph = passage?.closest(".paragraph") ?? this.reading.stop?.closest(".paragraph");
    if (paragraph) this.ask(paragraph, selected.length || !passage ? selected : [passage], { words: this.words() });
  }

  // For a part of a passage that is edited. `onLeave` is called once the menu is closed, with when the first of its words begins.
  askFor({ passage, places, onLeave }) {
    const words = wordsBetween(passage, passage, places);
    const box = passage.getBoundingClientRect();
    this.ask(passage.closest(".paragraph"), [passage], { words, box, onLeave: () => onLeave(words?.[0]) });
  }

  // Where `box` is left out, the menu stands beside what it is about. `words` are those that are selected, as `words()` has them.
  // `onLeave` says where the focus goes afterwards; where it is left out, back to where it was.
  ask(paragraph, selected, { words, box, onLeave = restoreFocus }) {
    const first = selected[0] ?? paragraph.querySelector("[data-segment]");
    const address = document.getElementById("speakers").dataset.assign; // There while nobody else writes the text.
    if (!first || !address) return;
    this.onLeave = onLeave;
    const selection = getSelection();
    this.range = selected.length && !selection.isCollapsed ? selection.getRangeAt(0).cloneRange() : null;
    this.box = box ?? this.boxOf(paragraph, first).getBoundingClientRect();
    const query = new URLSearchParams([["at", first.dataset.segment], ...selected.map((each) => ["passage", each.dataset.segment])]);
    if (words) ["first", "last"].forEach((name, index) => query.set(name, words[index]));
    htmx.ajax("GET", `${address}?${query}`, { target: "#who", swap: "innerHTML settle:0ms" });
  }

  // What the menu stands beside: the selection, the chosen passage, or the name above the paragraph.
  boxOf(paragraph, first) {
    const selection = getSelection();
    if (!selection.isCollapsed && this.transcript.contains(selection.anchorNode)) return selection.getRangeAt(0);
    return this.reading.passage ?? paragraph.querySelector(".paragraph-turn [data-voice]") ?? first;
  }

  // The passages that the selection touches.
  selected() {
    const selection = getSelection();
    if (selection.isCollapsed || !selection.rangeCount || !this.transcript.contains(selection.anchorNode)) return [];
    const range = selection.getRangeAt(0);
    return [...this.transcript.querySelectorAll("[data-segment]")].filter((passage) => range.intersectsNode(passage));
  }

  // When the first and the last selected word begin.
  words() {
    const passages = this.selected();
    if (!passages.length) return null;
    const [first, last] = [passages[0], passages.at(-1)];
    return wordsBetween(first, last, placesOf(getSelection().getRangeAt(0), first, last));
  }

  show() {
    if (!this.menu.matches(":popover-open")) this.menu.showPopover();
    const end = Math.min(innerHeight, document.querySelector("[data-player]").getBoundingClientRect().top);
    this.menu.style.setProperty("--who-end", `${innerHeight - end}px`);
    const { width, height } = this.menu.getBoundingClientRect();
    const isAbove = this.box.bottom + GAP + height > end && this.box.top - GAP - height > 0;
    const top = isAbove ? this.box.top - GAP - height : Math.min(this.box.bottom + GAP, end - height - GAP);
    const left = Math.min(this.box.left, innerWidth - width - GAP);
    this.menu.style.setProperty("--who-top", `${Math.max(GAP, top)}px`);
    this.menu.style.setProperty("--who-left", `${Math.max(GAP, left)}px`);
    this.menu.querySelector("[autofocus]")?.focus();
  }

  leave() {
    this.menu.replaceChildren();
    this.onLeave();
    this.selectAgain();
  }

  // Who changed their mind has still selected it.
  selectAgain() {
    const { range } = this;
    if (!range?.startContainer.isConnected || !range.endContainer.isConnected) return;
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }

  // To the speaker's name in the panel, with what was typed so far.
  rename(event) {
    const link = event.target.closest("[data-rename-speaker]");
    const field = document.getElementById(`name-${link?.dataset.renameSpeaker}`);
    if (!field) return;
    event.preventDefault();
    const typed = this.menu.querySelector("[data-find]").value.trim();
    document.getElementById("panel-fold").open = true;
    this.onLeave = () => {}; // It goes to the name.
    this.range = null;
    this.menu.hidePopover();
    if (typed) field.value = typed;
    field.focus();
    field.select();
    field.scrollIntoView({ block: "nearest" });
  }

  // What is typed narrows down the speakers, and is the name of a new one.
  find(field) {
    if (!field.matches("[data-find]")) return;
    const { text } = fold(field.value.trim());
    const items = [...this.menu.querySelectorAll("[data-found]")];
    for (const item of items) item.hidden = !fold(item.dataset.found).text.includes(text);
    const typed = field.value.trim().toLowerCase(); // Somebody whose name differs in accents alone may be somebody else.
    this.menu.querySelector("[data-new]").parentElement.hidden = items.some((item) => item.dataset.found.toLowerCase() === typed);
    this.menu.querySelector("[data-new-name]").textContent = text ? ` “${field.value.trim()}”` : "";
  }

  buttons() {
    return [...this.menu.querySelectorAll("li:not([hidden]) > :is(button, a)")];
  }

  // Whom Enter takes: who is called so, else who is without regard to accents, else the first that is found.
  chosen(name) {
    const buttons = this.buttons().filter((each) => each.matches("button"));
    const called = (like) => buttons.find(({ parentElement: { dataset } }) => dataset.found && like(dataset.found) === like(name));
    return name ? (called((each) => each.toLowerCase()) ?? called((each) => fold(each).text) ?? buttons[0]) : null;
  }

  press(event) {
    const buttons = this.buttons();
    const at = buttons.indexOf(document.activeElement);
    const isField = event.target.matches("[data-find]");
    if (event.key === "Enter" && isField) {
      event.preventDefault();
      this.chosen(event.target.value.trim())?.click();
    } else if (event.key === "ArrowDown" && (isField || at >= 0)) {
      event.preventDefault();
      buttons[at + 1]?.focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (buttons[at - 1] ?? this.menu.querySelector("[data-find]")).focus();
    }
  }
}
