// Makes token.json and ladder.json from the text of spec/11-claims.md alone, so that the Go
// code is not only checked against itself. It chooses chains by looking at every choice:
//   node spec/vectors/claims.mjs token > spec/vectors/token.json
//   node spec/vectors/claims.mjs ladder > spec/vectors/ladder.json
import { createHmac } from 'node:crypto'

const vectors = []
const add = (name, expect, { comment = '', ...more }) => vectors.push({ name, comment, expect, ...more })

// Section 1: names of relays and their tokens.
const nameFault = s => s === '' || s === '?' || s === '-' || s.trim() !== s || s.includes(',') || [...s].length > 64 || /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(s)
const fold = s => s.normalize('NFKC').split(/\s+/).filter(Boolean).join(' ').toLowerCase()
const blind = (secret, name) => 'k' + createHmac('sha256', secret).update('kkachi/1 relay\0' + fold(name)).digest('hex').slice(0, 16)
const parseRelays = field => {
  if (field === '-') return { known: [], unknown: false }
  const known = []
  let unknown = false
  for (const r of field.split(',')) {
    if (r === '?') unknown = true
    else if (nameFault(r) || known.includes(r)) return null
    else known.push(r)
  }
  return { known, unknown }
}

// Sections 2 and 3: what stands behind an item, and which chains there are.
const order = (a, b) => { // "C2" before "C10"
  const p = a.match(/\d+|\D+/g) ?? [], q = b.match(/\d+|\D+/g) ?? []
  for (let i = 0; i < Math.min(p.length, q.length); i++) {
    if (p[i] === q[i]) continue
    const digits = /^\d/.test(p[i]) && /^\d/.test(q[i])
    if (digits && BigInt(p[i]) !== BigInt(q[i])) return BigInt(p[i]) < BigInt(q[i]) ? -1 : 1
    if (!digits) return p[i] < q[i] ? -1 : 1
  }
  return p.length - q.length
}
const own = it => it.path === 'rumour' ? 'rumour' : it.unknown ? 'unknown relay' : it.doubt ? 'doubted teller'
  : it.path === 'told' && !it.relays.some(r => r !== it.teller) ? 'nobody named' : ''
const stand = (items, read) => items.map(it => {
  const tokens = new Set([it.teller]), seen = new Set(), todo = [...it.relays]
  let open = own(it)
  while (todo.length) {
    const r = todo.shift()
    if (seen.has(r)) continue
    seen.add(r); tokens.add(r)
    if (read[r]) {
      if (read[r].open) open ||= 'open reading'
      todo.push(...read[r].tokens)
    }
    for (const other of items.filter(o => o.teller === r)) {
      if (own(other)) open ||= 'open relay'
      todo.push(...other.relays)
    }
  }
  return { ...it, tokens, open }
}).sort((a, b) => order(a.report, b.report))
const touch = (a, b) => [...a.tokens].some(t => b.tokens.has(t))
const largest = items => { // every choice is looked at; of the largest ones the first in order
  let best = []
  for (let m = 0; m < 1 << items.length; m++) {
    const chosen = items.filter((_, i) => m >> i & 1)
    if (chosen.some((a, i) => chosen.some((b, j) => i < j && touch(a, b)))) continue
    const key = c => c.map(x => String(items.indexOf(x)).padStart(2, '0')).join()
    if (chosen.length > best.length || chosen.length === best.length && key(chosen) < key(best)) best = chosen
  }
  return best
}

// Section 5: exact fractions.
const gcd = (a, b) => b ? gcd(b, a % b) : a
const frac = (n, d) => { const g = gcd(n, d); return [n / g, d / g] }
const times = (a, b) => frac(a[0] * b[0], a[1] * b[1])
const over = (a, b) => frac(a[0] * b[1], a[1] * b[0])
const table = { direct: [[60n, 30n], [80n, 20n], [90n, 10n]], told: [[50n, 40n], [60n, 30n], [80n, 20n]], rumour: [[50n, 50n], [50n, 40n], [60n, 30n]] }
const copy = { first: [0n, 0n, 0n], second: [90n, 75n, 50n], open: [90n, 50n, 0n] }
const heights = ['direct', 'told', 'rumour']
const factor = (path, count) => [0, 1, 2].map(n => {
  if (count === 'not') return [1n, 1n]
  const [s, f] = table[path][n], c = copy[count][n]
  return frac(100n * c + (100n - c) * s, 100n * c + (100n - c) * f)
})
const strands = items => {
  const closed = items.filter(i => !i.open), open = items.filter(i => i.open)
  const heads = largest(closed)
  heads.push(...largest(open.filter(i => !heads.some(h => touch(i, h)))))
  const out = heads.map(h => [h])
  for (const i of [...closed, ...open]) if (!heads.includes(i)) out[heads.findIndex(h => touch(i, h))].push(i)
  return out.map(members => members.map((m, i) => [m, i]).sort((a, b) => heights.indexOf(a[0].path) - heights.indexOf(b[0].path) || a[1] - b[1]).map(x => x[0]))
}
const odds = items => {
  let total = [[1n, 1n], [1n, 1n], [1n, 1n]]
  for (const stance of ['supports', 'contradicts']) {
    strands(items.filter(i => i.stance === stance)).forEach((members, n) => members.forEach((m, k) => {
      const count = k === 0 ? (n === 0 || members.some(x => !x.open) ? 'first' : 'open') : k === 1 ? 'second' : 'not'
      const f = factor(m.path, count)
      total = stance === 'supports' ? total.map((t, e) => times(t, f[e])) : total.map((t, e) => over(t, f[2 - e]))
    }))
  }
  return total.map(([n, d]) => d === 1n ? `${n}` : `${n}/${d}`)
}

const derive = (text, read, doubt) => {
  const head = 'claim\treport\tteller\tstance\tpath\trelays\tgrade', items = []
  if (text === '') return { line: 1, column: 1 }
  for (const [n, line] of text.replace(/\n$/, '').split('\n').entries()) {
    const f = line.split('\t'), bad = column => ({ line: n + 1, column })
    if (f.length !== 7) return bad(f.length < 7 ? f.length + 1 : 8)
    if (n === 0) {
      const wrong = head.split('\t').findIndex((h, i) => h !== f[i])
      if (wrong >= 0) return bad(wrong + 1)
      continue
    }
    const wrong = [0, 1, 2].find(i => nameFault(f[i]))
    if (wrong !== undefined) return bad(wrong + 1)
    if (!['supports', 'contradicts'].includes(f[3])) return bad(4)
    if (!heights.includes(f[4])) return bad(5)
    const r = parseRelays(f[5])
    if (!r) return bad(6)
    if (!/^[1-6]$/.test(f[6])) return bad(7)
    items.push({ claim: f[0], report: f[1], teller: f[2], stance: f[3], path: f[4], relays: r.known, unknown: r.unknown, grade: +f[6], doubt: doubt.includes(f[1]) })
  }
  return { claims: [...new Set(items.map(i => i.claim))].sort(order).map(claim => {
    const all = stand(items.filter(i => i.claim === claim), read), sup = all.filter(i => i.stance === 'supports')
    const chosen = largest(sup), indep = largest(sup.filter(i => !i.open)), chains = chosen.length, independent = indep.length
    const rung = independent >= 2 ? 'two independent chains' : chains >= 2 ? 'two chains, independence unverified' : chains ? 'one chain' : 'unsupported'
    const cap = chains < 2 ? 'one' : independent < 2 ? 'open' : indep.some(i => i.path === 'direct') ? 'none' : 'indirect'
    const best = Math.min(6, ...sup.map(i => i.grade)), ceiling = { none: 1, open: 2, indirect: 2, one: 3 }[cap]
    return { claim, chains, independent, rung, disputed: all.some(i => i.stance === 'contradicts'), cap, grade: best === 6 ? 6 : Math.max(best, ceiling),
      open: Object.fromEntries(all.filter(i => i.open).map(i => [i.report, i.open])), odds: odds(all) }
  }) }
}
if (process.argv[2] === 'token') {
  const secret = '11'.repeat(32), other = '22'.repeat(32)
  const token = (name, relays, key = secret, comment = '') => {
    const r = parseRelays(relays)
    const hex = Buffer.from(key, 'hex')
    add(name, r ? 'success' : 'bad relays', { comment, secret: key, relays, ...r && { tokens: [...new Set(r.known.map(k => blind(hex, k)))], unknown: r.unknown } })
  }
  token('a sign', 'k1')
  token('another newsroom', 'k1', other)
  token('capital letters', 'K1')
  token('full width', 'ｋ１')
  token('a name in Korean, composed', '\uae40\uc601')
  token('a name in Korean, decomposed', '\u1100\u1175\u11b7\u110b\u1167\u11bc')
  token('two blanks are one', 'man  at the gate')
  token('Chinese', '司机')
  token('three and an unknown one', 'k1,k2,?,k3')
  token('one by two spellings', 'K1,k1')
  token('none', '-')
  for (const [name, relays] of [['empty', ''], ['an empty one among others', 'k1,,k2'], ['none among others', 'k1,-'], ['named twice', 'k1,k1'],
    ['too long', 'x'.repeat(65)], ['a blank at the end', 'k1 '], ['a line break', 'k1\nk2'], ['turned around', '\u202ek1'], ['a tab', 'k\t1'], ['an ideographic blank', 'k\u30001'],
    ['nothing to see', '\u200bk1'], ['a zero', 'k\u00001'], ['private use', '\ue000'], ['an escape', '\u001b[31m']]) token(name, relays)
} else {
  const head = 'claim\treport\tteller\tstance\tpath\trelays\tgrade\n'
  const ladder = (name, rows, { read = {}, doubt = [], comment = '' } = {}) => {
    const text = rows.startsWith('claim') || rows.startsWith('!') ? rows.replace(/^!/, '') : head + rows.replaceAll('|', '\t').replaceAll('/', '\n')
    const got = derive(text, read, doubt)
    add(name, got.claims ? 'success' : 'bad table', { comment, table: text, read, doubt, ...got })
  }
  ladder('nothing', head)
  ladder('one direct', 'C|1|A|supports|direct|-|2')
  ladder('one told', 'C|1|A|supports|told|k1|2')
  ladder('one rumour', 'C|1|A|supports|rumour|?|3')
  ladder('one person three times', 'C|1|A|supports|direct|-|3/C|2|A|supports|direct|-|3/C|3|A|supports|direct|-|3', { comment: 'the third adds nothing' })
  ladder('forty copies add what one adds', Array.from({ length: 8 }, (_, n) => `C|${n + 1}|A|supports|told|k1|3`).join('/'))
  ladder('two direct', 'C|1|A|supports|direct|-|2/C|2|B|supports|direct|-|1')
  ladder('two told, nobody saw it', 'C|1|A|supports|told|k1|1/C|2|B|supports|told|k2|1')
  ladder('the second open', 'C|1|A|supports|direct|-|2/C|2|B|supports|told|?|3')
  ladder('both open', 'C|1|A|supports|told|?|2/C|2|B|supports|told|?|3')
  ladder('told by the other', 'C|1|A|supports|direct|-|2/C|2|B|supports|told|A|3')
  ladder('told by two must not make them one', 'C|1|A|supports|direct|-|2/C|2|B|supports|direct|-|2/C|3|D|supports|told|A,B|3')
  ladder('one relay for both', 'C|1|A|supports|told|k1|2/C|2|B|supports|told|k1|2')
  ladder('through three hands', 'C|1|A|supports|told|B|2/C|2|B|supports|told|D|2/C|3|D|supports|told|k1|2/C|4|E|supports|told|k1|2')
  ladder('they name each other', 'C|1|A|supports|told|B|2/C|2|B|supports|told|A|2')
  ladder('a rumour behind it', 'C|1|A|supports|rumour|-|2/C|2|B|supports|told|A|2/C|3|D|supports|direct|-|2')
  ladder('denied', 'C|1|A|supports|direct|-|2/C|2|B|contradicts|direct|-|2')
  ladder('denied by a rumour', 'C|1|A|supports|direct|-|2/C|2|B|contradicts|rumour|?|5')
  ladder('denied alone', 'C|1|A|contradicts|told|k1|2')
  ladder('denied twice by one', 'C|1|A|supports|told|k1|2/C|2|B|contradicts|direct|-|2/C|3|D|contradicts|told|B|2')
  ladder('not to be judged', 'C|1|A|supports|direct|-|6/C|2|B|supports|direct|-|6')
  ladder('the teller in doubt', 'C|1|A|supports|direct|-|2/C|2|B|supports|direct|-|2', { doubt: ['2'] })
  ladder('read in a story', 'C|1|A|supports|direct|-|2/C|2|B|supports|told|p1|2', { read: { p1: { tokens: ['A'], open: false } } })
  ladder('read in a story that is open', 'C|1|A|supports|direct|-|2/C|2|B|supports|told|p1|2', { read: { p1: { tokens: ['k9'], open: true } } })
  ladder('a story that rests on a story', 'C|1|A|supports|direct|-|2/C|2|B|supports|told|p2|2', { read: { p1: { tokens: ['A'], open: false }, p2: { tokens: ['p1'], open: false } } })
  ladder('two claims, C2 before C10', 'C10|1|A|supports|direct|-|2/C2|2|B|supports|direct|-|2')
  ladder('the motivating case', `C01|01|A|supports|direct|-|2/C01|02|B|supports|told|?|3/C05|02|B|supports|told|k1,k2|3/C05|05|D|supports|told|B|3/C06|02|B|supports|told|k3|2/C06|03|C|supports|direct|-|2/C07|02|B|supports|told|k3|3/C07|03|C|supports|direct|-|3/C07|07|E|contradicts|told|k4|3/C09|04|A|supports|rumour|?|3/C09|06|F|supports|direct|-|3`)
  const row = 'C\t1\tA\tsupports\tdirect\t-\t2'
  for (const [name, text] of [['empty', '!'], ['no heading', '!' + row], ['a wrong heading', head.replace('path', 'how')], ['a field too few', head + 'C\t1\tA\tsupports\tdirect\t-'],
    ['a field too many', head + row + '\tx'], ['no claim', head + row.replace('C', '')], ['a claim that can’t be printed', head + row.replace('C', 'C\u202e')],
    ['no report', head + row.replace('1', '')], ['a report too long', head + row.replace('1', '1'.repeat(65))], ['an unknown teller', head + row.replace('A', '?')],
    ['a teller with a comma', head + row.replace('A', 'A,B')], ['a stance of its own', head + row.replace('supports', 'maybe')], ['no stance', head + row.replace('supports', '')],
    ['a path of its own', head + row.replace('direct', 'seen')], ['a capital path', head + row.replace('direct', 'Direct')], ['empty relays', head + row.replace('-', '')],
    ['a relay named twice', head + row.replace('-', 'k1,k1')], ['none and one', head + row.replace('-', '-,k1')], ['grade 0', head + row.replace('2', '0')],
    ['grade 7', head + row.replace('2', '7')], ['a grade in words', head + row.replace('2', 'two')], ['no grade', head + row.replace('2', '')],
    ['an empty line', head + '\n' + row], ['blanks for tabs', head + row.replaceAll('\t', ' ')], ['a half grade', head + row.replace('2', '2.5')],
    ['a full-width grade', head + row.replace('2', '２')], ['the second row', head + row + '\n' + row.replace('supports', 'x')],
    ['a blank before a claim', head + ' ' + row], ['an escape in a relay', head + row.replace('-', '\u001b[2J')]]) ladder(name, text)
}
console.log(JSON.stringify({ 'made-by': 'spec/vectors/claims.mjs with Node alone', area: process.argv[2], vectors }, null, 1))
