// Stands in the bundle for @hpke/dhkem-x25519 (build_test.go): X-Wing takes nothing from it but
// X25519 itself. The package's own HKDF, which nothing calls here, would bring SHA-256 and HMAC
// a second time; the one of @hpke/core stands in its place.
export { HkdfSha256 } from "@hpke/core";
export { X25519 } from "../node_modules/@hpke/dhkem-x25519/esm/src/dhkemX25519.js";
