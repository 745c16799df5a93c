// Who is signed out in the meantime loses nothing: the page stays, and after signing in again in another tab its forms work.

// From the cookie, not from the page: signing in again in another tab changes it.
export function token() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}

function hasTyped() {
  const names = [...document.querySelectorAll("[data-rename] input[name=name]")];
  const isAsked = document.querySelector("dialog[open] form, :popover-open form");
  return Boolean(isAsked) || Boolean(document.querySelector("[data-editor], [data-unsaved]")) || names.some((field) => field.value !== field.dataset.saved);
}

document.body.addEventListener("htmx:configRequest", ({ detail }) => {
  if (token() && detail.formData.has("csrfmiddlewaretoken")) detail.formData.set("csrfmiddlewaretoken", token());
});
// A fragment of someone who is signed out reloads its page, which would lose what was typed.
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Refresh") && hasTyped()) event.preventDefault();
});
