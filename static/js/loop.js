// A stretch that is played again and again, marked in the waveform: what is selected in the text, else the segment where a person is.

import { placesOf, wordsOf } from "./spoken.js";

const SLACK_SECONDS = 0.05; // So far beside it a jump still belongs to the stretch.
const LEAST_SECONDS = 0.2;
const LATE_SECONDS = 1.5; // Where no frames are drawn, the end is seen so late at three times the speed. Who is further on has gone elsewhere.

export class Loop {
  // `here` tells the segment that is meant where nothing is selected, `length` how long the recording is.
  constructor({ media, bar, transcript, here, length, playFrom }) {
    Object.assign(this, { media, bar, transcript, here, length, playFrom });
    this.buttons = bar.querySelectorAll("[data-loop]");
    this.said = document.getElementById("announcement");
    for (const button of this.buttons) {
      button.addEventListener("mousedown", (event) => event.preventDefault()); // It would end the selection.
      button.addEventListener("click", () => this.toggle());
    }
    media.addEventListener("seeking", () => this.isOn && !this.contains(media.currentTime) && this.end());
    media.addEventListener("timeupdate", () => this.keep()); // In a tab that is not shown there are no frames.
    media.addEventListener("ended", () => this.isOn && playFrom(this.from));
  }

  get isOn() {
    return this.from !== undefined;
  }

  contains(seconds) {
    return seconds >= this.from - SLACK_SECONDS && seconds <= this.to + SLACK_SECONDS;
  }

  toggle() {
    if (this.isOn) return this.end();
    const [from, to] = this.selected() ?? spanOf(this.here());
    if (!(to - from > LEAST_SECONDS)) return void (this.said.textContent = "This is too short to be repeated.");
    this.playFrom(from);
    Object.assign(this, { from, to: Math.min(to, this.length()) });
    this.show();
    this.said.textContent = "This stretch is repeated.";
  }

  end() {
    this.from = this.to = undefined;
    this.show();
    this.said.textContent = "It is not repeated any more.";
  }

  // Called for each frame while it plays.
  keep() {
    if (!this.isOn || this.media.currentTime < this.to) return;
    if (this.media.currentTime > this.to + LATE_SECONDS) this.end();
    else this.media.currentTime = this.from;
  }

  show() {
    this.bar.toggleAttribute("data-looping", this.isOn);
    for (const button of this.buttons) button.ariaPressed = String(this.isOn);
    if (!this.isOn) return;
    const share = (seconds) => `${(100 * seconds) / this.length()}%`;
    this.bar.style.setProperty("--loop-from", share(this.from));
    this.bar.style.setProperty("--loop-to", share(this.to));
  }

  // From the first to the last word that is selected, even if only in part.
  selected() {
    const selection = getSelection();
    if (selection.isCollapsed || !this.transcript.contains(selection.anchorNode)) return null;
    const range = selection.getRangeAt(0);
    const passages = [...this.transcript.querySelectorAll("[data-words]")].filter((each) => range.intersectsNode(each));
    if (!passages.length) return null;
    const [first, last] = [passages[0], passages.at(-1)];
    const [start, end] = placesOf(range, first, last);
    const from = wordsOf(first).findLast(([offset]) => offset <= start)?.[1] ?? spanOf(first)[0];
    const to = wordsOf(last).find(([offset]) => offset >= end)?.[1] ?? spanOf(last)[1];
    return [from, to];
  }
}

function spanOf(passage) {
  return passage ? [Number(passage.dataset.start), Number(passage.dataset.end)] : [];
}
