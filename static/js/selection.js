// Rows of the list that are ticked: how many, all of this page, none. The bar itself comes and goes by its style. What was done to
// them leaves those that are still there ticked: more may be to be done to them.

function boxes() {
  return [...document.querySelectorAll("#recordings [name=recording]")];
}

function bar() {
  return document.querySelector("[data-bulk]");
}

function count() {
  const everything = bar()?.elements.everything;
  const ticked = boxes().filter((box) => box.checked);
  if (everything && !ticked.length) everything.checked = false;
  const words = everything?.checked ? everything.parentElement.textContent.trim() : `${ticked.length} selected`;
  const status = bar()?.querySelector("[data-count]");
  if (status && status.textContent !== words) status.textContent = words;
  const cancel = bar()?.querySelector("[value=cancel]");
  if (cancel) cancel.hidden = !everything?.checked && !ticked.some((box) => box.closest("[data-unfinished]"));
}

function tick(checked) {
  for (const box of boxes()) box.checked = checked;
  count();
}

document.addEventListener("change", (event) => {
  if (event.target.form?.id === "bulk") count();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-select-page]")) tick(true);
  if (event.target.closest("[data-select-none]")) tick(false);
});
document.body.addEventListener("htmx:afterSettle", count);
count();
