// How loud it plays, which this browser remembers for all recordings.

const KEY = "selenite.volume";
const STEP = 0.1;

export class Volume {
  constructor(media, bar) {
    Object.assign(this, { media });
    this.field = bar.querySelector("[data-volume]");
    this.mute = bar.querySelector("[data-mute]");
    this.field.addEventListener("input", () => this.set(Number(this.field.value)));
    this.field.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.stopPropagation());
    this.mute.addEventListener("click", () => this.toggle());
    media.addEventListener("volumechange", () => this.show());
    this.recall();
    this.show();
  }

  set(volume) {
    this.media.volume = Math.min(1, Math.max(0, volume));
    this.media.muted = false;
    this.save();
  }

  change(by) {
    this.set(Math.round((this.media.volume + by * STEP) * 10) / 10);
  }

  toggle() {
    this.media.muted = !this.media.muted;
  }

  show() {
    const { muted, volume } = this.media;
    this.field.value = muted ? 0 : volume;
    this.mute.ariaPressed = String(muted);
  }

  recall() {
    try {
      const volume = JSON.parse(localStorage.getItem(KEY));
      if (volume > 0 && volume <= 1) this.media.volume = volume;
    } catch {
      return; // Storage is switched off, or holds something else: as loud as it goes.
    }
  }

  save() {
    try {
      localStorage.setItem(KEY, JSON.stringify(this.media.volume));
    } catch {
      return;
    }
  }
}
