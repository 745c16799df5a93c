// One <dialog> asks before something is lost. The server fills it; without JavaScript the same question is a page.

const dialog = document.getElementById("dialog");

function close() {
  dialog.close();
  dialog.replaceChildren();
}

// Not before it is settled: until then htmx would not take its form, and a quick Enter would leave the page.
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target === dialog && !dialog.open && dialog.hasChildNodes()) dialog.showModal(); // It may be put away by then.
});
// What a form in here asked for. What else ends meanwhile, such as a text that is saved, leaves it as it is.
dialog.addEventListener("action-done", close);
dialog.addEventListener("click", (event) => {
  if (event.target !== dialog && !event.target.closest("[data-close]")) return;
  event.preventDefault();
  close();
});
// What is saved as a file leaves the page as it is.
dialog.addEventListener("submit", (event) => {
  if (event.target.matches("[data-closes]")) setTimeout(close);
});
