// Another client of zhepai-seal/1, written from app/auctions/sealing/README.md alone.
// Reads the test vector's "given" from standard input, writes the sealed bid.
import crypto from "node:crypto";
import { readFileSync } from "node:fs";

const given = JSON.parse(readFileSync(0, "utf8"));
const FORMAT = "zhepai-seal/1";

// RFC 8785 for what occurs here: strings, small whole numbers, objects and lists.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

const unhex = (text) => Buffer.from(text, "hex");
const b64 = (bytes) => Buffer.from(bytes).toString("base64url");
const sha256 = (text) => crypto.createHash("sha256").update(text).digest("hex");
const derive = (secret, info) =>
  Buffer.from(crypto.hkdfSync("sha256", secret, Buffer.alloc(0), info, 32));

function context(use, more = {}) {
  const { auction_id, bidder_code, threshold } = given;
  const holders = given.holders.length;
  const label = { format: FORMAT, use, auction_id, bidder_code, threshold, holders };
  return Buffer.from(canonical({ ...label, ...more }));
}

function encrypt(key, plaintext, aad) {
  const cipher = crypto.createCipheriv("aes-256-gcm", key, Buffer.alloc(12)).setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function times(left, right) {
  let product = 0;
  for (; right; right >>= 1, left <<= 1) {
    if (left & 0x100) left ^= 0x11b;
    if (right & 1) product ^= left;
  }
  return product;
}

// Raw X25519 keys in their PKCS 8 and SPKI wrappings (RFC 8410).
const privateKey = (raw) => {
  const key = Buffer.concat([unhex("302e020100300506032b656e04220420"), raw]);
  return crypto.createPrivateKey({ key, format: "der", type: "pkcs8" });
};
const publicKey = (raw) => {
  const key = Buffer.concat([unhex("302a300506032b656e032100"), raw]);
  return crypto.createPublicKey({ key, format: "der", type: "spki" });
};

const key = unhex(given.key_hex);
const coefficient = unhex(given.coefficient_hex); // the vector's threshold is 2

const shares = given.holders.map(({ public_key: holder }, place) => {
  const index = place + 1;
  const share = key.map((byte, at) => byte ^ times(coefficient[at], index));
  const own = privateKey(derive(key, context("ephemeral", { index })));
  const ephemeral = crypto.createPublicKey(own).export({ format: "jwk" }).x;
  const other = publicKey(Buffer.from(holder, "base64url"));
  const secret = crypto.diffieHellman({ privateKey: own, publicKey: other });
  const bound = context("share", { index, ephemeral, holder });
  return {
    holder,
    ephemeral,
    ciphertext: b64(encrypt(derive(secret, bound), share, bound)),
    commitment: sha256(context("commitment", { index, share: b64(share) })),
  };
});

const { auction_id, bidder_code, amount, threshold } = given;
const nonce = b64(unhex(given.nonce_hex));
const content = Buffer.alloc(512, " ");
content.write(canonical({ format: FORMAT, auction_id, bidder_code, amount, nonce }));
const bound = context("content");
const ciphertext = b64(encrypt(derive(key, bound), content, bound));
const sealed = { format: FORMAT, auction_id, bidder_code, threshold, shares, ciphertext };
sealed.commitment = sha256(canonical(sealed));
process.stdout.write(canonical(sealed));
