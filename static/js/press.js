// A press of the mouse beside the segment that is edited. Its end moves the text, so it stays until what was pressed has acted. Where
// the text then lies elsewhere under the pointer, the second half of a double click does nothing there.

import { grow } from "./grow.js";

const DOUBLE_MILLISECONDS = 700; // From one click to the end of the other, which may be held.
const SAME_PIXELS = 6;

export class Press {
  constructor(editor) {
    this.editor = editor;
    addEventListener("pointerdown", ({ button }) => (this.isDown = !button), true);
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => this.end(), true);
    addEventListener("mousedown", (event) => this.down(event), true);
    addEventListener("click", (event) => this.click(event), true);
  }

  // A click that belongs to it comes first.
  end() {
    this.isDown = false;
    setTimeout(() => this.editor.closeIfLeft());
  }

  // Between its tools the editor has nothing that could take the focus, and keeps it.
  down(event) {
    const isBetween = event.target.closest("[data-editor]") && !event.target.closest("a, button, input, textarea");
    if (isBetween || this.isSecond(event)) event.preventDefault();
  }

  click(event) {
    const { editor } = this;
    if (this.isSecond(event)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    const isInText = editor.transcript.contains(event.target) && !editor.form?.contains(event.target);
    this.first = isInText ? { x: event.clientX, y: event.clientY, at: event.timeStamp, form: editor.form } : null;
    if (!event.target.closest("[data-segment]")) editor.closeIfLeft(); // Which word of it was clicked is to be seen first.
  }

  isSecond({ clientX, clientY, timeStamp, detail, target }) {
    const { first, editor } = this;
    if (!first || !detail || first.form === editor.form || target === editor.field) return false;
    return timeStamp - first.at < DOUBLE_MILLISECONDS && Math.hypot(clientX - first.x, clientY - first.y) < SAME_PIXELS;
  }
}

// Scrolls, where need be, so that this height of the window has the line of a field in which a place of its text is.
export function keepAt(height, field, offset) {
  const { value } = field;
  const [word] = value.slice(offset).match(/^\S*/);
  field.value = value.slice(0, offset) + word; // As tall as the text up to there.
  grow(field);
  const half = parseFloat(getComputedStyle(field).lineHeight) / 2;
  const away = field.getBoundingClientRect().bottom - half - height;
  field.value = value;
  grow(field);
  if (Math.abs(away) > half) scrollBy({ top: away, behavior: "instant" });
}
