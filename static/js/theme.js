// The colours that a person has just chosen, on the page that is open. Every other page comes with them.

document.body.addEventListener("theme-changed", (event) => {
  const { theme } = event.detail;
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
});
