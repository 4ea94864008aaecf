// The token is kept in memory only and is lost when the page is closed.

const form = document.querySelector("#credentials");
const message = document.querySelector("#message");
const session = document.querySelector("#session");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  const wanted = event.submitter.value;
  showMessage("Please wait …");
  form.querySelectorAll("button").forEach((button) => (button.disabled = true));
  try {
    if (wanted === "register") await register(fields);
    await logIn(fields);
    showMessage("");
  } catch (error) {
    showMessage(error.message, true);
  } finally {
    form.querySelectorAll("button").forEach((button) => (button.disabled = false));
  }
});

document.querySelector("#logout").addEventListener("click", () => {
  session.hidden = true;
  form.hidden = false;
  form.reset();
  document.querySelector("#token").textContent = "";
});

async function register(fields) {
  const account = { email: fields.get("username"), password: fields.get("password") };
  const headers = { "content-type": "application/json" };
  await answer(await fetch("/users", { method: "POST", headers, body: JSON.stringify(account) }));
}

async function logIn(fields) {
  const { access_token: token } = await answer(await fetch("/login", { method: "POST", body: new URLSearchParams(fields) }));
  const user = await answer(await fetch("/me", { headers: { authorization: `Bearer ${token}` } }));
  const { exp } = JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  document.querySelector("#user").textContent = `${user.email} (id ${user.id}, since ${user.created_at})`;
  document.querySelector("#expires").textContent = new Date(exp * 1000).toLocaleString();
  document.querySelector("#token").textContent = token;
  form.hidden = true;
  session.hidden = false;
}

/** The JSON of a successful response; otherwise an error with the server's message. */
async function answer(response) {
  const body = await response.json();
  if (response.ok) return body;
  const { detail } = body;
  throw new Error(typeof detail === "string" ? detail : detail.map(({ loc, msg }) => `${loc.at(-1)}: ${msg}`).join("; "));
}

function showMessage(text, isWrong = false) {
  message.textContent = text;
  message.classList.toggle("wrong", isWrong);
}
