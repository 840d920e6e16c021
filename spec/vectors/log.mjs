// Makes log.json from the text of spec/07-log.md alone, with Node's own crypto, so that
// the Go code is not only checked against itself:
//   node spec/vectors/log.mjs > spec/vectors/log.json
import { createCipheriv, createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'

const u32 = n => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b }
const u64 = n => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(n)); return b }
const sha256 = b => createHash('sha256').update(b).digest()
const fill = (n, v) => Buffer.alloc(n, v)

// RFC 8410: the fixed beginning of an Ed25519 private key in PKCS #8.
const device = seed => {
  const priv = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })
  const pub = createPublicKey(priv).export({ format: 'der', type: 'spki' }).subarray(-32)
  return { priv, pub, id: sha256(pub).subarray(0, 16) }
}

const padme = n => {
  n = Math.max(n, 128)
  const e = Math.floor(Math.log2(n)), s = Math.floor(Math.log2(e)) + 1, mask = 2 ** (e - s) - 1
  return Math.ceil(n / (mask + 1)) * (mask + 1)
}

// One operation. Every field can be overridden, to make it wrong.
const op = (dev, f) => {
  const content = f.content
  let plain = f.plain
  if (!plain && content !== undefined) {
    plain = Buffer.alloc(padme(4 + content.length))
    u32(content.length).copy(plain)
    content.copy(plain, 4)
  }
  const size = f.size ?? (plain ? plain.length + 16 : 0)
  const kind = Buffer.alloc(32)
  Buffer.from(f.kind).copy(kind)
  const header = Buffer.concat([Buffer.from(f.magic ?? 'KKO1'), f.author ?? dev.id, u64(f.seq), f.prev, u32(f.day), u64(f.clock), f.rawKind ?? kind,
    f.subject, f.keyOf, f.nonce, u32(size)])
  let ciphertext = Buffer.alloc(0)
  if (plain) {
    const c = createCipheriv('aes-256-gcm', f.key, f.nonce)
    c.setAAD(f.aad ?? header)
    ciphertext = Buffer.concat([c.update(plain), c.final(), c.getAuthTag()])
  }
  const body = Buffer.concat([header, ciphertext])
  return Buffer.concat([body, sign(null, Buffer.concat([Buffer.from(f.context ?? 'kkachi/1 op\0'), body]), dev.priv)])
}

const dev = device(fill(32, 1)), other = device(fill(32, 2))
const key = fill(32, 7), zero16 = fill(16, 0), zero12 = fill(12, 0)
const first = { seq: 1, prev: fill(32, 0), day: 20500, clock: 1, kind: 'letter.in', subject: fill(16, 0xaa), keyOf: fill(16, 0xaa), nonce: fill(12, 3), key, content: Buffer.from('편지 한 통') }
const one = op(dev, first)
const next = { ...first, seq: 2, prev: sha256(one), clock: 5, nonce: fill(12, 4), content: Buffer.from('two') }
const two = op(dev, next)

const vectors = []
const add = (name, expect, raw, more = {}) => vectors.push({
  name, comment: more.comment ?? '', expect, op: raw.toString('hex'), public: (more.pub ?? dev.pub).toString('hex'),
  'thing-key': (more.key ?? key).toString('hex'), before: (more.before ?? Buffer.alloc(0)).toString('hex'), ...more.want,
})
const want = (raw, f) => ({ want: {
  author: dev.id.toString('hex'), hash: sha256(raw).toString('hex'), seq: f.seq, clock: f.clock, day: f.day, kind: f.kind,
  subject: f.subject.toString('hex'), 'key-of': f.keyOf.toString('hex'), content: f.content ? f.content.toString('hex') : '',
} })
const good = (name, f, before) => { const raw = op(dev, f); add(name, 'success', raw, { ...want(raw, f), before }) }
const bad = (name, expect, f, more) => add(name, expect, op(dev, { ...first, ...f }), more)
const flipped = (raw, at) => { const b = Buffer.from(raw); b[at < 0 ? b.length + at : at] ^= 1; return b }

good('the first of an author', first)
good('the second follows the first', next, one)
good('empty content', { ...first, content: Buffer.alloc(0) })
good('content that fills the least padding', { ...first, content: fill(124, 0x61) })
good('content one byte longer', { ...first, content: fill(125, 0x61) })
good('content of 5000 bytes', { ...first, content: fill(5000, 0x62) })
good('under the key of another thing', { ...first, keyOf: fill(16, 0xbb) })
good('without content', { ...first, kind: 'vault.erase', keyOf: zero16, nonce: zero12, content: undefined })
good('clock and seq at their limit', { ...first, seq: 2n ** 63n - 1n, clock: 2n ** 63n - 1n, prev: fill(32, 9) })
vectors.at(-1).seq = vectors.at(-1).clock = '9223372036854775807'
good('the longest kind', { ...first, kind: 'a'.repeat(32) })

bad('another magic', 'bad magic', { magic: 'KKO2' })
add('nothing', 'truncated', Buffer.alloc(0))
add('header cut by one byte', 'truncated', one.subarray(0, 151))
add('signature cut by one byte', 'truncated', one.subarray(0, -1))
add('one byte more', 'trailing bytes', Buffer.concat([one, Buffer.from([0])]))
bad('seq 0', 'bad seq', { seq: 0 })
bad('seq over the limit', 'bad seq', { seq: 2n ** 63n, clock: 2n ** 63n, prev: fill(32, 9) })
bad('the first with a prev', 'bad prev', { prev: fill(32, 9) })
bad('the second without a prev', 'bad prev', { seq: 2, clock: 2 })
bad('clock 0', 'bad clock', { clock: 0 })
bad('clock below seq', 'bad clock', { seq: 3, clock: 2, prev: fill(32, 9) })
bad('empty kind', 'bad kind', { kind: '' })
bad('kind in capitals', 'bad kind', { kind: 'Letter.in' })
bad('kind with a zero byte within', 'bad kind', { kind: 'letter\0in' })
bad('kind in Korean', 'bad kind', { kind: '편지' })
bad('no subject', 'bad subject', { subject: zero16 })
bad('key-of without content', 'bad empty content', { content: undefined })
bad('content without key-of', 'bad empty content', { keyOf: zero16 })
bad('a nonce without content', 'bad empty content', { keyOf: zero16, content: undefined })
bad('ciphertext below the least', 'bad length', { plain: fill(127, 0) })
bad('ciphertext of a length that no padding gives', 'bad length', { plain: fill(129, 0) })
bad('ciphertext over the limit', 'bad length', { size: 270336 + 16 + 8192 })
add('signature with a bit flipped', 'bad signature', flipped(one, -1))
add('content with a bit flipped', 'bad signature', flipped(one, 160))
add('day with a bit flipped', 'bad signature', flipped(one, 63))
bad('signed under another context', 'bad signature', { context: 'kkachi/1 note\0' })
add('by a device that is not the author', 'wrong author', one, { pub: other.pub })
bad('signed by another than the author', 'bad signature', { author: other.id }, { pub: other.pub })
add('another key of the thing', 'bad content', one, { key: fill(32, 8) })
bad('content bound to another header', 'bad content', { aad: fill(152, 0) })
const dirty = Buffer.alloc(128); dirty[3] = 1; dirty[4] = 0x61; dirty[127] = 1
bad('padding that is not zero', 'bad padding', { plain: dirty })
const long = Buffer.alloc(128); long[3] = 125
bad('a length beyond the padding', 'bad padding', { plain: long })
const loose = Buffer.alloc(144); loose[3] = 1
bad('more padding than needed', 'bad padding', { plain: loose })
add('one is missing between', 'cut', op(dev, { ...next, seq: 3 }), { before: one })
add('the same number again', 'forked', op(dev, { ...first, nonce: fill(12, 9) }), { before: one })
add('it continues another history', 'forked', op(dev, { ...next, prev: fill(32, 9) }), { before: one })
add('its clock is that of the one before', 'reordered', op(dev, { ...next, clock: 5, seq: 3, prev: sha256(two) }), { before: two })

console.log(JSON.stringify({ 'made-by': "spec/vectors/log.mjs with Node's own crypto", area: 'log', vectors }, null, 1))
