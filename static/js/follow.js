// The text scrolls along with what is played, until the person scrolls: then a button leads back.

const OURS_MILLISECONDS = 700; // So long a scroll may go on that we began.
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

export class Following {
  constructor(media, bar) {
    Object.assign(this, { media, bar });
    this.isOn = true;
    this.oursUntil = 0;
    bar.querySelector("[data-follow]").addEventListener("click", () => this.resume());
    document.addEventListener("scroll", () => this.scrolled(), { passive: true });
    for (const name of ["wheel", "touchmove"]) addEventListener(name, () => (this.oursUntil = 0), { passive: true });
    media.addEventListener("play", () => this.begin());
    media.addEventListener("pause", () => this.show());
  }

  // Takes the passage that is played from now on.
  take(passage) {
    this.passage = passage;
    if (this.isOn && !this.media.paused && !this.isBusy && !this.isSeen) this.scroll();
    this.show();
  }

  // Who picks a place in the text wants to read on there.
  begin() {
    if (this.isSeen) this.isOn = true;
    this.show();
  }

  resume() {
    this.isOn = true;
    this.scroll();
    this.show();
  }

  scrolled() {
    if (this.media.paused || performance.now() < this.oursUntil) return;
    this.isOn = this.isSeen;
    this.show();
  }

  scroll() {
    this.oursUntil = performance.now() + OURS_MILLISECONDS;
    this.passage?.scrollIntoView({ block: "center", behavior: STILL.matches ? "auto" : "smooth" });
  }

  // While somebody writes, selects or is asked something, nothing moves.
  get isBusy() {
    return !getSelection().isCollapsed || document.querySelector("dialog[open], :popover-open, [data-editor] textarea") !== null;
  }

  get isSeen() {
    if (!this.passage) return true;
    const { top, bottom } = this.passage.getBoundingClientRect();
    return bottom > 0 && top >= 0 && bottom < this.bar.getBoundingClientRect().top;
  }

  show() {
    this.bar.toggleAttribute("data-apart", !this.isOn && !this.media.paused);
  }
}
