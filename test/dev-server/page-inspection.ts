// What makes a page of ours good to look at and to use, as far as a browser can measure it.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** CSS pixels: what a finger hits (WCAG 2.2, 2.5.5). */
const fingertip = 44
/** WCAG 2.2, 1.4.3. */
const readable = 4.5

interface Measured {
  readonly width: number
  readonly beyond: readonly string[]
  readonly small: readonly string[]
  readonly unlabelled: readonly string[]
  readonly faint: readonly string[]
  readonly headings: number
}

/** Nothing beside the screen, controls for a finger, a label for each field, text that can be read, one heading. */
export async function inspectPage(page: Page): Promise<void> {
  const { width } = page.viewportSize()!
  const measured = (await page.evaluate(measure, { fingertip, readable })) as Measured
  expect(measured, await page.title()).toEqual({
    ...{ width, beyond: [], small: [], unlabelled: [], faint: [], headings: 1 },
  })
}

/** Reaches every control by the keyboard alone, and sees where it is. */
export async function expectKeyboardUse(page: Page): Promise<void> {
  const controls = await page.locator('input:not([type=hidden]), button, a[href]').count()
  for (let i = 0; i < controls; i++) {
    await page.keyboard.press('Tab')
    const outline = await page.evaluate(() => {
      const focused = document.activeElement
      return focused && focused !== document.body ? getComputedStyle(focused).outlineStyle : 'nothing has the focus'
    })
    expect(outline).toBe('solid')
  }
}

/** Runs in the page, so it is whole in itself. */
function measure(limits: { readonly fingertip: number; readonly readable: number }): Measured {
  const shown = [...document.querySelectorAll<HTMLElement>('body *')].filter(
    (element) => element.getClientRects().length > 0,
  )
  const nameOf = (element: Element) => `${element.tagName.toLowerCase()} "${element.textContent?.trim().slice(0, 30)}"`
  const controls = shown.filter((element) => element.matches('button, a[href], input[type=text], input[type=password]'))
  const luminance = (colour: string) => {
    const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number)
    const linear = [r, g, b].map((part) =>
      part / 255 <= 0.03928 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    )
    return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!
  }
  const backgroundOf = (element: Element | null): string => {
    if (!element) return 'rgb(255, 255, 255)'
    const { backgroundColor } = getComputedStyle(element)
    return backgroundColor === 'rgba(0, 0, 0, 0)' ? backgroundOf(element.parentElement) : backgroundColor
  }
  const contrastOf = (element: Element) => {
    const [one, other] = [luminance(getComputedStyle(element).color), luminance(backgroundOf(element))]
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
  }
  const hasText = (element: Element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim())
  return {
    width: document.documentElement.scrollWidth,
    beyond: shown.filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5).map(nameOf),
    small: controls.filter((element) => element.getBoundingClientRect().height < limits.fingertip).map(nameOf),
    unlabelled: [...document.querySelectorAll<HTMLInputElement>('input:not([type=hidden])')]
      .filter((input) => !input.labels?.length)
      .map(nameOf),
    faint: shown.filter((element) => hasText(element) && contrastOf(element) < limits.readable).map(nameOf),
    headings: document.querySelectorAll('h1').length,
  }
}
