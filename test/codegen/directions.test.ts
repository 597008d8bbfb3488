import { expect, it } from 'vitest'
import { aDocument, generated } from './support/generated.ts'
import { loadValidators } from './support/load-validators.ts'

it('a property that only one side writes is in the types of that side alone', async () => {
  const user = {
    type: 'object',
    required: ['id', 'name', 'password'],
    properties: {
      id: { type: 'string', readOnly: true },
      name: { type: 'string' },
      password: { type: 'string', writeOnly: true },
    },
  }
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Team' } } }
  const { files } = await generated({
    document: aDocument({
      paths: {
        '/teams': {
          post: {
            operationId: 'addTeam',
            requestBody: { required: true, content },
            responses: { 200: { description: 'd', content } },
          },
        },
      },
      schemas: {
        User: user,
        Team: {
          type: 'object',
          properties: { members: { type: 'array', items: { $ref: '#/components/schemas/User' } } },
        },
        Plain: { type: 'object', properties: { a: { type: 'string' } } },
      },
    }),
    validators: 'strict',
  })
  const models = files['models.ts']!
  expect(models).toContain('export type User = {\n  readonly id: string\n  readonly name: string\n}')
  expect(models).toContain('export type UserWritable = {\n  readonly name: string\n  readonly password: string\n}')
  expect(models).toContain('readonly members?: ReadonlyArray<UserWritable>')
  expect(models).not.toContain('PlainWritable')
  expect(files['operations.ts']).toContain('readonly body: TeamWritable')
  expect(files['endpoints.ts']).toContain('Promise<Team>')
  const { validateUser } = await loadValidators(files['validators.ts']!)
  expect(validateUser!({ id: 'i', name: 'n' })).toBeUndefined()
  expect(validateUser!({ name: 'n' })).toMatchObject({ path: '/id' })
})

it('the form of a request makes way for a model of its name', async () => {
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/User' } } }
  const { files } = await generated({
    document: aDocument({
      paths: { '/u': { post: { requestBody: { content }, responses: { 200: { description: 'd' } } } } },
      schemas: {
        UserWritable: { type: 'string' },
        User: { type: 'object', properties: { id: { type: 'string', readOnly: true } } },
      },
    }),
  })
  expect(files['models.ts']).toContain('export type UserWritable = string')
  expect(files['operations.ts']).toContain('readonly body?: UserWritableModel')
  expect(files['models.ts']).toMatch(/export type User = \{/)
})
