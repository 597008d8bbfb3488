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
