import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { HeaderBar } from './HeaderBar.tsx';
import classes from './Shell.module.css';
import { wings } from './wings.ts';

/** Menu, header bar, screen. */
export function Shell() {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: every new screen starts at its top
  useEffect(() => {
    main.current?.scrollTo(0, 0);
  }, [path]);
  // Before the login nothing is asked of the server.
  if (path === '/login') return <Outlet />;
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        Skip to content
      </a>
      <nav className={classes.menu} aria-label="Main">
        <Link to="/" className={classes.mark} aria-label="Tidemill, overview">
          <Mark />
          Tidemill
        </Link>
        <MenuLink to="/" title="Overview" exact />
        {wings.map(({ wing, screens }) => (
          <div key={wing} className={classes.wing}>
            <h2>{wing}</h2>
            {screens.map((screen) => (
              <MenuLink key={screen.to} {...screen} />
            ))}
          </div>
        ))}
      </nav>
      <HeaderBar />
      <main ref={main} id="main" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

function MenuLink({ to, title, exact = false }: { to: string; title: string; exact?: boolean }) {
  return (
    <Link to={to} className={classes.link} activeOptions={{ exact, includeSearch: false }}>
      {title}
    </Link>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" className={classes.wheel}>
      <circle cx="12" cy="9.5" r="6" />
      <path d="M12 3.5v12M6 9.5h12M7.8 5.3l8.4 8.4M16.2 5.3l-8.4 8.4" />
      <path d="M2 20c2.5-2.4 4.2-2.4 6.7 0s4.2 2.4 6.7 0 4.2-2.4 6.6 0" />
    </svg>
  );
}
