// A field for what was said after a segment and was not recognised.

export class Addition {
  // `passageOf` returns the segment as the page has it now; `isPressed` says whether the mouse is down, and ends this itself then.
  // `onDone` is called with the text, whether somebody has gone elsewhere, and this, which takes the text `back` if it could not be
  // added; `onLeave` where nothing is to be added, and nobody has gone elsewhere.
  constructor(passageOf, template, { isPressed, onDone, onLeave }) {
    this.passageOf = passageOf;
    this.form = template.content.firstElementChild.cloneNode(true);
    this.form.querySelector(".editor-tools").remove();
    this.form.querySelector("[data-add-error]").remove();
    this.form.querySelector(".editor-times").remove();
    this.field = this.form.querySelector("textarea");
    this.field.ariaLabel = "Text that is added after this segment";
    delete this.field.dataset.untyped; // The key that undoes the last change would take the field away.
    this.field.placeholder = "What is said here?";
    this.onDone = onDone;
    this.onLeave = onLeave;
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.field.addEventListener("focus", () => (this.isEntered = true));
    this.field.addEventListener("blur", () => isPressed() || this.end());
    this.begin();
    this.field.focus();
  }

  begin() {
    this.isOver = this.isEntered = false;
    this.passageOf().after(this.form);
  }

  back() {
    this.begin();
    if (!document.activeElement.closest("[data-editor]")) this.field.focus();
  }

  press(event) {
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") this.field.value = "";
    this.end();
  }

  end({ isLeft = false } = {}) {
    if (this.isOver || !this.isEntered) return; // What came back waits for somebody to look at it.
    this.isOver = true;
    const text = this.field.value.trim();
    this.form.remove();
    if (text) this.onDone(text, isLeft, this);
    else if (!isLeft) this.onLeave();
  }
}
