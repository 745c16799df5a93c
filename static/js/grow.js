// Let a field be as tall as its text, in browsers whose style sheets cannot (`field-sizing`).

export function grow(field) {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
