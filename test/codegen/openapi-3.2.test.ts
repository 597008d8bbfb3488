import { expect, it } from 'vitest'
import { aDocument, generated } from './support/generated.ts'

const answer = { 200: { description: 'd', content: { 'application/json': { schema: { type: 'string' } } } } }

it('OpenAPI 3.2: QUERY, methods of other names, media types by reference, sequences as text', async () => {
  const { files, codes } = await generated({
    document: aDocument({
      version: '3.2.0',
      paths: {
        '/search': {
          query: {
            operationId: 'search',
            requestBody: { required: true, content: { 'application/json': { $ref: '#/components/mediaTypes/Terms' } } },
            responses: answer,
          },
          additionalOperations: {
            PURGE: { operationId: 'purge', responses: { 204: { description: 'd' } } },
            COPY: { responses: answer },
            CONNECT: { responses: answer },
            'BAD METHOD': { responses: answer },
          },
        },
        '/events': {
          get: {
            operationId: 'events',
            responses: {
              200: {
                description: 'd',
                content: {
                  'text/event-stream': { itemSchema: { type: 'object' } },
                  'application/jsonl': { itemSchema: { type: 'object' } },
                },
              },
            },
          },
        },
      },
      extra: {
        components: {
          mediaTypes: { Terms: { schema: { type: 'object', required: ['q'], properties: { q: { type: 'string' } } } } },
        },
      },
    }),
  })
  expect(files['operations.ts']).toContain("method: 'QUERY'")
  expect(files['operations.ts']).toContain("method: 'PURGE'")
  expect(files['models.ts']).toContain('readonly q: string')
  expect(files['endpoints.ts']).toContain('export function copySearch(')
  expect(files['endpoints.ts']).toMatch(/export function events\(.*Promise<string>/)
  expect(files['operations.ts']).toContain("'text/event-stream': 'text', 'application/jsonl': 'text'")
  expect(files['operations.ts']).not.toMatch(/CONNECT|BAD METHOD/)
  expect(codes).toEqual(['unsupported', 'unsupported'])
})

it('OpenAPI 3.2: the whole query as one form', async () => {
  const form = {
    type: 'object',
    required: ['q'],
    properties: { q: { type: 'string' }, tags: { type: 'array', items: { type: 'string' } }, n: { type: 'integer' } },
  }
  const whole = (content: object) => ({ name: 'whole', in: 'querystring', content })
  const urlEncoded = { schema: { $ref: '#/components/schemas/Search' }, encoding: { tags: { explode: false } } }
  const { files, codes } = await generated({
    document: aDocument({
      version: '3.2.0',
      paths: {
        '/form': {
          get: {
            operationId: 'form',
            parameters: [whole({ 'application/x-www-form-urlencoded': urlEncoded })],
            responses: answer,
          },
        },
        '/json': {
          get: {
            operationId: 'json',
            parameters: [whole({ 'application/json': { schema: form } })],
            responses: answer,
          },
        },
      },
      schemas: { Search: form },
    }),
  })
  expect(files['operations.ts']).toContain(
    'readonly query: {\n    readonly q: string\n    readonly tags?: ReadonlyArray<string>\n    readonly n?: number\n  }',
  )
  expect(files['operations.ts']).toContain('encodings: { query: { tags: { explode: false } } }')
  expect(codes).toEqual(['unsupported'])
})
