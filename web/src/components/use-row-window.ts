import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react';
import { barHeight, barScale, clampTop, rowsAt, topAfterKey } from '../lib/row-window.ts';

export const rowHeight = 29;
const headHeight = 31;
const frame = 2;

/**
 * Which rows are in sight of a scrolled element. While rows fit a browser the bar moves them pixel by pixel. Of more, the
 * bar's pixel is many rows, so the wheel and the keys move the rows themselves and the bar follows.
 */
export function useRowWindow(count: number, from: number) {
  const scroller = useRef<HTMLElement>(null);
  const [box, setBox] = useState({ height: 0, bar: 0 });
  const [top, setTop] = useState(0);
  /** Where we have put the bar ourselves: the event that follows says nothing new. */
  const placed = useRef(-1);
  const view = Math.max(rowHeight, box.height - headHeight);
  const size = { count, rowHeight, view };
  const scale = barScale(size);
  const current = useRef({ size, scale, top });
  current.current = { size, scale, top: clampTop(top, size) };

  const moveTo = useCallback((next: number) => {
    const element = scroller.current;
    if (!element) return;
    const clamped = clampTop(next, current.current.size);
    element.scrollTop = clamped / current.current.scale;
    placed.current = element.scrollTop;
    setTop(clamped);
  }, []);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measured = new ResizeObserver(() =>
      setBox({ height: element.clientHeight, bar: element.offsetHeight - element.clientHeight }),
    );
    measured.observe(element);
    const onWheel = (event: WheelEvent) => {
      const { scale: now, top: at } = current.current;
      if (now === 1 || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
      event.preventDefault();
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? rowHeight : 1;
      moveTo(at + event.deltaY * unit);
    };
    // React listens passively, and what is passive cannot be prevented.
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      measured.disconnect();
      element.removeEventListener('wheel', onWheel);
    };
  }, [moveTo]);

  const isMeasured = box.height > 0;
  useEffect(() => {
    if (isMeasured) moveTo(from * rowHeight);
  }, [isMeasured, from, moveTo]);

  const shown = current.current.top;
  const [first, end] = isMeasured ? rowsAt(shown, size) : [0, 0];
  return {
    scroller,
    first,
    end,
    top: shown,
    /** As high as all rows, if its owner's maximum allows. */
    height: count * rowHeight + headHeight + frame + box.bar,
    barHeight: barHeight(size) + headHeight,
    viewHeight: box.height,
    onScroll: () => {
      const at = scroller.current?.scrollTop ?? 0;
      if (at === placed.current) return;
      placed.current = -1;
      setTop(at * scale);
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
      const next = topAfterKey(event.key, shown, size);
      if (next === null) return;
      event.preventDefault();
      moveTo(next);
    },
  };
}
