import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AtprotoError,
  accountPermission,
  blobPermission,
  identityPermission,
  includePermission,
  type Permission,
  parsePermission,
  parseScopes,
  repoPermission,
  rpcPermission,
} from '../../src/atproto/index.ts'
import { caught } from '../support/caught.ts'

const appview = 'did:web:api.bsky.app#bsky_appview'
const post = 'app.bsky.feed.post'
const like = 'app.bsky.feed.like'

const built: readonly (readonly [text: string, permission: Permission, facts: object])[] = [
  ['account:email', accountPermission({ attr: 'email' }), { attr: 'email', action: 'read' }],
  [
    'account:repo?action=manage',
    accountPermission({ attr: 'repo', action: 'manage' }),
    { attr: 'repo', action: 'manage' },
  ],
  ['blob:image/png', blobPermission({ accept: 'image/png' }), { accept: ['image/png'] }],
  ['blob:*/*', blobPermission({ accept: ['*/*'] }), { accept: ['*/*'] }],
  [
    'blob?accept=image/*&accept=video/mp4',
    blobPermission({ accept: ['image/*', 'video/mp4'] }),
    { accept: ['image/*', 'video/mp4'] },
  ],
  ['blob:image/svg%2Bxml', blobPermission({ accept: 'image/svg+xml' }), { accept: ['image/svg+xml'] }],
  ['identity:handle', identityPermission({ attr: 'handle' }), { attr: 'handle' }],
  ['identity:*', identityPermission({ attr: '*' }), { attr: '*' }],
  [
    `repo:${post}`,
    repoPermission({ collections: post }),
    { collections: [post], actions: ['create', 'update', 'delete'] },
  ],
  [
    'repo:*?action=delete',
    repoPermission({ collections: '*', actions: 'delete' }),
    { collections: ['*'], actions: ['delete'] },
  ],
  [
    `repo?collection=${post}&collection=${like}&action=create&action=delete`,
    repoPermission({ actions: ['create', 'delete'], collections: [post, like] }),
    { collections: [post, like], actions: ['create', 'delete'] },
  ],
  [
    `rpc:${post}?aud=did:web:api.bsky.app%23bsky_appview`,
    rpcPermission({ lxm: post, aud: appview }),
    { lxm: [post], aud: appview },
  ],
  [`rpc:${post}?aud=*`, rpcPermission({ lxm: post, aud: '*' }), { lxm: [post], aud: '*' }],
  [
    `rpc:*?aud=did:web:api.bsky.app%23bsky_appview`,
    rpcPermission({ lxm: '*', aud: appview }),
    { lxm: ['*'], aud: appview },
  ],
  [`rpc:${post}?inheritAud=true`, rpcPermission({ lxm: post, inheritAud: true }), { lxm: [post], inheritAud: true }],
  [
    `rpc?aud=*&lxm=${post}&lxm=${like}`,
    rpcPermission({ lxm: [post, like], aud: '*' }),
    { lxm: [post, like], aud: '*' },
  ],
  ['include:app.bsky.authFull', includePermission({ nsid: 'app.bsky.authFull' }), { nsid: 'app.bsky.authFull' }],
  [
    'include:app.bsky.authFull?aud=did:web:api.bsky.app%23bsky_appview',
    includePermission({ nsid: 'app.bsky.authFull', aud: appview }),
    { nsid: 'app.bsky.authFull', aud: appview },
  ],
]

describe('a permission', () => {
  it.each(built)('%s is built and read as the same', (text, permission, facts) => {
    expect(permission).toMatchObject({ text, ...facts })
    expect(parsePermission(text)).toEqual(permission)
  })

  it.each([
    'repo?action=create&collection=app.bsky.feed.post',
    'rpc?lxm=app.bsky.feed.post&aud=*',
    'rpc?lxm=app.bsky.feed.post&aud=did%3Aweb%3Aapi.bsky.app%23bsky_appview',
    'blob:image%2fpng',
    'account?attr=email&action=read',
    'account:email?action=read',
    // AT Protocol Permission, "Scope String Syntax": its own examples.
    'identity:*?',
    'rpc?lxm=*&aud=did:web:api.example.com%23svc_appview',
    'account?action=manage&attr=repo',
    'include:app.example.authFull?aud=did:web:api.example.com%23svc_chat',
    'repo:app.example.profile?action=create&action=update&action=delete',
  ])('%s keeps its own spelling', (text) => {
    expect(parsePermission(text).text).toBe(text)
  })

  it('cannot be changed', () => {
    const permission = repoPermission({ collections: [post] })
    expect(() => (permission.collections as string[]).push('*')).toThrow(TypeError)
    expect(() => Object.assign(permission, { text: 'repo:*' })).toThrow(TypeError)
  })

  it.each(['repo', 'repo:', 'repo?', 'rpc', 'account:', 'blob?', 'repo:?'])(
    '%s says nothing of what it is for',
    (text) => {
      expect(caught(AtprotoError, () => parsePermission(text)).code).toBe('missing_positional_or_parameters')
    },
  )

  it.each([
    ['an unknown resource', 'space:app.bsky.feed.post'],
    ['a resource of Object.prototype', 'constructor:x'],
    ['an unknown parameter', `repo:${post}?collections=x`],
    ['a parameter of Object.prototype', `repo:${post}?__proto__=x`],
    ['a parameter without value', `repo:${post}?action=`],
    ['a parameter without name', `repo:${post}?=create`],
    ['a parameter without equals sign', `repo:${post}?action`],
    ['an empty pair', `repo:${post}?action=create&`],
    ['a colon with nothing behind it', `repo:?collection=${post}`],
    ['both places for one parameter', `repo:${post}?collection=${like}`],
    ['one value twice', `repo:${post}?action=create&action=create`],
    ['an action that there is not', `repo:${post}?action=read`],
    ['a collection that is no NSID', 'repo:post'],
    ['no collection', 'repo?action=create'],
    ['an attribute that there is not', 'account:status'],
    ['two attributes', 'account?attr=email&attr=repo'],
    ['an action of account that there is not', 'account:email?action=delete'],
    ['an identity attribute that there is not', 'identity:did'],
    ['a media type without subtype', 'blob:image'],
    ['a media range of all types with one subtype', 'blob:*/png'],
    ['rpc without audience', `rpc:${post}`],
    ['rpc with both', `rpc:${post}?aud=*&inheritAud=true`],
    ['inheritAud=false', `rpc:${post}?inheritAud=false`],
    ['both wildcards', 'rpc:*?aud=*'],
    ['both wildcards among others', `rpc?aud=*&lxm=*&lxm=${post}`],
    ['rpc without method', 'rpc?aud=*'],
    ['an audience without fragment', `rpc:${post}?aud=did:web:api.bsky.app`],
    ['an audience that is no DID', `rpc:${post}?aud=api.bsky.app%23x`],
    ['two audiences', `rpc:${post}?aud=did:web:a.b%23x&aud=did:web:c.d%23x`],
    ['include of a wildcard', 'include:*'],
    ['include with an audience of all', 'include:app.bsky.authFull?aud=*'],
    ['a broken percent sign', `repo:${post}%`],
    ['octets that are no UTF-8', 'blob:image/%ff'],
    ['a space', `repo:${post} `],
    ['a quote', 'repo:"x"'],
    ['a letter beyond ASCII', 'repo:app.bsky.fééd'],
  ])('with %s is refused: %s', (_, text) => {
    const error = caught(AtprotoError, () => parsePermission(text))
    expect(error.code).toBe('invalid_permission')
    expect(error.message).toMatch(/expected/)
  })

  it.each([
    ['an empty list of collections', () => repoPermission({ collections: [] })],
    ['an empty list of actions', () => repoPermission({ collections: post, actions: [] })],
    ['an empty list of media types', () => blobPermission({ accept: [] })],
    ['no method', () => rpcPermission({ lxm: [], aud: '*' })],
    ['no audience', () => rpcPermission({ lxm: post })],
    ['both audiences', () => rpcPermission({ lxm: post, aud: '*', inheritAud: true })],
    ['both wildcards', () => rpcPermission({ lxm: '*', aud: '*' })],
    ['no attribute', () => accountPermission({} as never)],
    ['a value that is no text', () => accountPermission({ attr: 1 as never })],
  ])('is not built of %s', (_, build) => {
    expect(['invalid_permission', undefined]).toContain((caught(Error, build) as Partial<AtprotoError>).code)
  })

  it('is not built with an option that nobody reads', () => {
    expect(() => repoPermission({ collections: post, action: 'create' } as never)).toThrow('unknown option "action"')
  })
})

describe('scopes', () => {
  it('are told apart', () => {
    expect(parseScopes(`atproto transition:generic repo:${post}`)).toEqual([
      { kind: 'atproto' },
      { kind: 'transition', name: 'generic' },
      { kind: 'permission', permission: repoPermission({ collections: post }) },
    ])
    expect(parseScopes(['atproto', 'transition:chat.bsky'])[1]).toEqual({ kind: 'transition', name: 'chat.bsky' })
  })

  it.each([
    ['nothing', ''],
    ['all but atproto', 'transition:generic'],
    ['a scope of others', 'atproto openid'],
    ['a transition to nowhere', 'atproto transition:'],
    ['a broken permission', 'atproto repo:post'],
  ])('of %s are refused', (_, scope) => {
    expect(caught(AtprotoError, () => parseScopes(scope)).code).toBe('invalid_permission')
  })
})

describe('the grammar of permissions', () => {
  const nsid = fc.stringMatching(/^[a-z]{1,8}(\.[a-z][a-z0-9]{0,7}){1,3}\.[a-zA-Z]{1,12}$/)
  const nsids = fc.uniqueArray(nsid, { minLength: 1, maxLength: 4 })
  const token = fc.stringMatching(/^[a-z0-9][a-z0-9!#$&^_.+-]{0,10}$/)
  const mediaRange = fc.tuple(token, fc.oneof(token, fc.constant('*'))).map(([type, subtype]) => `${type}/${subtype}`)
  const service = fc
    .tuple(fc.stringMatching(/^[a-z]{1,10}\.[a-z]{2,5}$/), fc.stringMatching(/^[a-z_]{1,12}$/))
    .map(([host, fragment]) => `did:web:${host}#${fragment}`)
  const actions = fc.uniqueArray(fc.constantFrom('create', 'update', 'delete'), { minLength: 1 })
  const permission: fc.Arbitrary<Permission> = fc.oneof(
    fc
      .record({ attr: fc.constantFrom('email', 'repo'), action: fc.constantFrom('read', 'manage') })
      .map(accountPermission as never),
    fc.uniqueArray(mediaRange, { minLength: 1, maxLength: 4 }).map((accept) => blobPermission({ accept })),
    nsids.map((collections) => repoPermission({ collections })),
    fc.tuple(nsids, actions).map(([collections, chosen]) => repoPermission({ collections, actions: chosen as never })),
    fc.tuple(nsids, service).map(([lxm, aud]) => rpcPermission({ lxm, aud })),
    fc.tuple(nsid, service).map(([name, aud]) => includePermission({ nsid: name, aud })),
  ) as fc.Arbitrary<Permission>

  it('reads what it writes, to the letter', () => {
    fc.assert(
      fc.property(permission, (one) => {
        expect(parsePermission(one.text)).toEqual(one)
      }),
    )
  })

  it('writes only the characters that it does not encode', () => {
    fc.assert(
      fc.property(permission, ({ text }) => {
        expect(text).toMatch(/^[a-z]+(:([\w.~*:/-]|%[0-9A-F]{2})+)?(\?([\w.~*:/&=-]|%[0-9A-F]{2})+)?$/)
      }),
    )
  })

  it('gives a permission or its own error for any text, and keeps the text', () => {
    const piece = fc.oneof(
      fc.constantFrom('repo', 'rpc', ':', '?', '&', '=', '*', '%', 'aud', 'lxm', 'a.b.c'),
      fc.string({ maxLength: 4 }),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 10 }).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            expect(parsePermission(text).text).toBe(text)
          } catch (error) {
            expect(error).toBeInstanceOf(AtprotoError)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})
