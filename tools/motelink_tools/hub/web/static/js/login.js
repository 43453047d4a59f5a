// The token, where others can reach the page.

import { field, h } from "./dom.js";
import { form } from "./form.js";
import { post } from "./api.js";

export function loginPage(done) {
  const token = h("input", { type: "password", autocomplete: "current-password", required: true });
  return [
    h("section", { class: "card narrow" },
      h("h1", {}, "Who are you?"),
      h("p", {}, "This hub can be reached by others. It printed a token when it started."),
      form([field("Token", token)], "Enter", async () => {
        await post("login", { token: token.value.trim() });
        done();
        return "";
      })),
  ];
}
