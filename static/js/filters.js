// The search leaves out of the address what says nothing, and starts on the first page of one recording or of all.

const form = document.querySelector("[data-search]");

form.addEventListener("htmx:configRequest", (event) => {
  for (const [name, value] of [...event.detail.formData]) {
    if (!value) event.detail.formData.delete(name);
  }
});
