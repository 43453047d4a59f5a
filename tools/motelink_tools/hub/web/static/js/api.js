// Requests to the hub.

export class Refused extends Error {
  constructor(text, kind) {
    super(text);
    this.kind = kind;
  }
}

async function answer(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // No JSON: the status says it.
  }
  if (!response.ok) throw new Refused(body.error ?? `status ${response.status}`, body.kind);
  return body;
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refused("The hub does not answer.", "away");
  }
  return answer(response);
}

function query(given) {
  const known = Object.entries(given).filter(([, value]) => value !== null && value !== undefined);
  return new URLSearchParams(known).toString();
}

export function address(path, given = {}) {
  const text = query(given);
  return `api/${path}${text ? "?" + text : ""}`;
}

export async function get(path, given = {}) {
  return request(address(path, given), { headers: { Accept: "application/json" } });
}

export async function post(path, body) {
  return request(`api/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Motelink": "page" },
    body: JSON.stringify(body),
  });
}

/** The result of a platform's operation. */
export async function ask(path, given) {
  return (await get(path, given)).result;
}

export async function tell(path, body) {
  return (await post(path, body)).result;
}
