// When a segment is said: two fields below its text, changed by hand, by arrow keys or by buttons.

const TIME = /^((\d{1,3}:)?\d{1,3}:)?\d{1,6}([.,]\d{1,3})?$/; // As the server reads one.
const STEP = 0.05; // Seconds by an arrow key; ten times as much with Shift.

export class SegmentTimes {
  constructor(form, times, { onSet, onLeave }) {
    this.fields = ["start", "end"].map((name) => form.elements[name]);
    this.fields.forEach((field, index) => (field.value = written(times[index])));
    this.box = form.querySelector("[data-times-fields]");
    this.error = form.querySelector("[data-times-error]");
    this.last = this.fields[1]; // The one that was changed last.
    this.onSet = onSet;
    this.onLeave = onLeave;
    form.querySelector("[data-times]").addEventListener("click", (event) => this.show(event.currentTarget));
    this.box.addEventListener("input", ({ target }) => (this.last = target));
    this.box.addEventListener("keydown", (event) => this.press(event));
    this.box.addEventListener("click", (event) => this.click(event.target.closest("button")));
  }

  show(button) {
    this.box.hidden = !this.box.hidden;
    button.ariaExpanded = String(!this.box.hidden);
    if (this.box.hidden) return;
    this.fields[0].focus();
    this.box.closest("[data-editor]").scrollIntoView({ block: "nearest" });
  }

  click(button) {
    if (!button) return;
    if ("setTimes" in button.dataset) return this.set();
    const [name, seconds] = button.dataset.nudge.split(" ");
    this.nudge(this.fields.find((field) => field.name === name), Number(seconds));
  }

  press(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return; // That is for the editor.
    const act = event.target.name ? this.keys(event)[event.key] : event.key === "Escape" && this.onLeave;
    if (!act) return;
    event.preventDefault();
    act();
  }

  keys({ target, shiftKey }) {
    const seconds = shiftKey ? 10 * STEP : STEP;
    return {
      Escape: this.onLeave,
      Enter: () => this.set(),
      ArrowUp: () => this.nudge(target, seconds),
      ArrowDown: () => this.nudge(target, -seconds),
    };
  }

  nudge(field, seconds) {
    this.last = field;
    field.value = written(Math.max(0, read(field.value) + seconds));
  }

  set() {
    this.tell("");
    this.onSet(Object.fromEntries(this.fields.map((field) => [field.name, field.value])));
  }

  get isThere() {
    return this.box.isConnected;
  }

  // Why these times cannot be, beside what was typed. The focus goes to the field that is to be changed.
  refuse(sentence) {
    this.box.hidden = false;
    this.tell(sentence, this.fields.find((field) => !TIME.test(field.value.trim())) ?? this.last);
  }

  tell(sentence, wrong = null) {
    this.error.textContent = sentence;
    for (const field of this.fields) field.ariaInvalid = field === wrong ? "true" : null;
    wrong?.focus();
    wrong?.select();
    if (wrong) this.box.closest("[data-editor]").scrollIntoView({ block: "nearest" });
  }
}

// Seconds as 0:07.25 or 1:02:03.40.
function written(seconds) {
  const hundredths = Math.round(seconds * 100);
  const hours = Math.floor(hundredths / 360000);
  const minutes = Math.floor(hundredths / 6000) % 60;
  const rest = ((hundredths % 6000) / 100).toFixed(2).padStart(5, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

function read(text) {
  return text.split(":").reduce((sum, part) => sum * 60 + (Number(part.replace(",", ".")) || 0), 0);
}
