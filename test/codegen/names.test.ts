import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { functionName, pathName, typeName } from '../../src/codegen/name/identifiers.ts'
import { aDocument, fixture, generated, temporaryFolder } from './support/generated.ts'

const exportsOf = (text: string): string[] =>
  [...text.matchAll(/^export (?:type|const|function) ([^\s(:=]+)/gm)].map(([, name]) => name!)

describe('spelling', () => {
  it.each([
    ['OAuthError', 'OAuthError', 'oAuthError'],
    ['getOAuthDiscovery', 'GetOAuthDiscovery', 'getOAuthDiscovery'],
    ['JWKSet', 'JWKSet', 'jwkSet'],
    ['JWKS', 'JWKS', 'jwks'],
    ['token_response', 'TokenResponse', 'tokenResponse'],
    ['object.UserInfo', 'ObjectUserInfo', 'objectUserInfo'],
    ['iOSLogin', 'IOSLogin', 'iOSLogin'],
    ['2faCode', '_2faCode', '_2faCode'],
    ['známka č. 1', 'ZnámkaČ1', 'známkaČ1'],
    ['日本', '日本', '日本'],
    // Younger than the compilers, beyond the basic plane, no part of an identifier, and a capital that is too young.
    ['a\u{323B0}b\uA7DCc\u20DDd', 'ABCD', 'aBCD'],
    ['\u019Bx', '\u019Bx', '\u019Bx'],
    ['', 'Unnamed', 'unnamed'],
  ])('of %j is %s for a type and %s for a function', (given, type, called) => {
    expect([typeName(given), functionName(given)]).toEqual([type, called])
  })

  it('of an operation without an id comes from its method and path alone', () => {
    expect(pathName('GET', '/admin/realms/{realm}/users/{id}.json')).toBe('getAdminRealmsByRealmUsersByIdJson')
    expect(pathName('POST', '/')).toBe('postRoot')
  })
})

describe('the table of names', () => {
  it('gives reserved words, globals and clashing names another, and warns', async () => {
    const { files, report } = await generated({ document: fixture('provider-3.0.yaml') })
    const names = JSON.parse(files['names.json']!) as {
      models: Record<string, string>
      operations: Record<string, string>
    }
    expect(names.models).toMatchObject({
      '#/components/schemas/Error': 'ErrorModel',
      '#/components/schemas/Response': 'ResponseModel',
      '#/components/schemas/CreateUserResult': 'CreateUserResult',
      '#/components/schemas/create-user-result': 'CreateUserResultModel',
      '#/components/schemas/create_user_result': 'CreateUserResultModel2',
    })
    // The model had the name of the operation's result first: the operation keeps its own name all the same.
    expect(names.operations).toMatchObject({
      'POST /users': 'postUsers',
      'GET /users': 'createUser Operation',
      'POST /delete': 'postDelete',
    })
    expect(report.warnings.filter(({ code }) => code === 'renamed').map(({ message }) => message)).toContainEqual(
      '"Error" is called ErrorModel, since Error is reserved or taken',
    )
    expect(report.warnings).toContainEqual(expect.objectContaining({ code: 'duplicate_operation_id' }))
  })

  it('holds each name once over all files', async () => {
    for (const name of ['provider-3.0.yaml', 'keywords-3.1.yaml', 'hostile.json']) {
      const { files } = await generated({ document: fixture(name) })
      const all = Object.entries(files).flatMap(([file, text]) =>
        file.endsWith('.ts') ? exportsOf(text).map((each) => each) : [],
      )
      // A type and the values of the same name belong together.
      const repeated = all.filter(
        (each, index) =>
          all.indexOf(each) !== index && !new RegExp(`export const ${each} = `).test(files['models.ts']!),
      )
      expect(repeated).toEqual([])
    }
  })
})

describe('a change of the document', () => {
  const user = { type: 'object', properties: { name: { type: 'string' } } }

  it('renames nothing, even where a newcomer has the better claim to a name', async () => {
    const out = join(await temporaryFolder(), 'out')
    const before = await generated({ document: aDocument({ schemas: { 'foo-bar': user } }), out })
    expect(before.files['models.ts']).toContain('export type FooBar =')
    const after = await generated({
      document: aDocument({ schemas: { FooBar: { type: 'string' }, 'foo-bar': user, a: user } }),
      out,
    })
    expect(JSON.parse(after.files['names.json']!)).toMatchObject({
      models: { '#/components/schemas/foo-bar': 'FooBar', '#/components/schemas/FooBar': 'FooBarModel' },
    })
  })

  it('renames nothing where a model needs a second form from now on', async () => {
    const out = join(await temporaryFolder(), 'out')
    const schemas = {
      User: { type: 'object', properties: { id: { type: 'string', readOnly: true } } },
      UserWritable: { type: 'string' },
    }
    await generated({ document: aDocument({ schemas }), out })
    const content = { 'application/json': { schema: { $ref: '#/components/schemas/User' } } }
    const post = { operationId: 'add', requestBody: { content }, responses: { 204: { description: 'd' } } }
    const { files, codes } = await generated({ document: aDocument({ schemas, paths: { '/u': { post } } }), out })
    expect(files['models.ts']).toContain('export type UserWritable = string')
    expect(exportsOf(files['models.ts']!)).toEqual(['User', 'UserWritableModel', 'UserWritable'])
    expect(codes).toEqual([])
  })

  it('does not depend on the order of the document', async () => {
    const schemas = { 'foo-bar': user, foo_bar: { type: 'string' }, FooBar: { type: 'number' } }
    const one = await generated({ document: aDocument({ schemas }) })
    const other = await generated({
      document: aDocument({ schemas: Object.fromEntries(Object.entries(schemas).reverse()) }),
    })
    expect(one.files['names.json']).toBe(other.files['names.json'])
  })

  it('keeps a name that was edited in names.json, and ignores one that is no identifier', async () => {
    const out = join(await temporaryFolder(), 'out')
    const document = aDocument({ schemas: { Aa: user, Bb: user } })
    await generated({ document, out })
    const path = join(out, 'names.json')
    const edited = (await readFile(path, 'utf8')).replace('": "Aa"', '": "Person"').replace('": "Bb"', '": "x; evil()"')
    await writeFile(path, edited)
    const { files } = await generated({ document, out })
    expect(exportsOf(files['models.ts']!)).toEqual(['Person', 'Bb'])
    expect(files['validators.ts']).toContain('validatePerson')
  })

  it('stops at a names.json that is not JSON, rather than name everything anew', async () => {
    const out = await temporaryFolder()
    await writeFile(join(out, 'names.json'), '<<<<<<< HEAD')
    await expect(generated({ document: aDocument({}), out })).rejects.toMatchObject({ code: 'document_syntax' })
  })
})
