// A button beside selected text that asks who speaks there: for those who do not know the key, and by touch.

const SETTLED_MILLISECONDS = 150; // While a person still selects, nothing moves.
const GAP = 8;

export class HereButton {
  constructor(who) {
    this.who = who;
    this.button = document.getElementById("who-here");
    document.addEventListener("selectionchange", () => this.wait());
    document.addEventListener("scroll", () => this.show(), { passive: true });
    document.getElementById("who").addEventListener("toggle", () => this.show());
    this.button.addEventListener("mousedown", (event) => event.preventDefault()); // It would end the selection.
    this.button.addEventListener("click", () => this.ask());
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.show(), SETTLED_MILLISECONDS);
  }

  show() {
    const selected = this.who.canAsk ? this.who.selected() : [];
    this.button.hidden = !selected.length;
    if (!selected.length) return;
    Object.assign(this, { selected, words: this.who.words() }); // By touch the selection may be gone before the button is pressed.
    const lines = [...getSelection().getRangeAt(0).getClientRects()];
    if (!lines.length) return;
    const { bottom, left } = lines.at(-1);
    const { width, height } = this.button.getBoundingClientRect();
    const end = document.querySelector("[data-player]").getBoundingClientRect().top;
    this.button.style.setProperty("--here-top", `${Math.max(GAP, Math.min(bottom + GAP, end - height - GAP))}px`);
    this.button.style.setProperty("--here-left", `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`);
  }

  ask() {
    const box = this.button.getBoundingClientRect();
    this.button.hidden = true;
    this.who.ask(this.selected[0].closest(".paragraph"), this.selected, { words: this.words, box });
  }
}
