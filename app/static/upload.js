// Brings a file to the studio, as a setting of a method takes it.

import { ApiError, BASE } from "./core.js";

/** The kept file ({sha256, name, size, ...}); `kind` is the setting it is for. Throws ApiError. */
export async function upload(file, kind, signal) {
  const body = new FormData();
  body.append("file", file);
  body.append("kind", kind);
  let response;
  try {
    response = await fetch(BASE + "api/v1/uploads", { method: "POST", body, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "Unreachable", "The studio does not answer.");
  }
  const data = await response.json().catch(() => ({}));
  if (response.ok) return data;
  const { type = "Error", message = `The studio answered ${response.status}.` } = data.error ?? {};
  throw new ApiError(response.status, type, message);
}
