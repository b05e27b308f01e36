import { Link } from '@tanstack/react-router';
import { EmptyState } from '../components/EmptyState.tsx';

export function Missing() {
  return (
    <EmptyState>
      There is no such screen. The <Link to="/">overview</Link> leads to all of them.
    </EmptyState>
  );
}
