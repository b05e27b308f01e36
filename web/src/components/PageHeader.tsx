import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Asked } from '../lib/http-form.ts';
import classes from './PageHeader.module.css';
import { SourceMenu } from './SourceMenu.tsx';

interface PageHeaderProps {
  readonly title: string;
  /** Where this screen hangs: the list it belongs to, the thing it is a part of. */
  readonly trail?: readonly { readonly text: string; readonly to: string }[];
  readonly status?: ReactNode;
  readonly about?: string;
  readonly actions?: ReactNode;
  /** The question this screen asked, for "as CLI" and "as HTTP". */
  readonly asked?: Asked;
}

export function PageHeader({ title, trail = [], status, about, actions, asked }: PageHeaderProps) {
  return (
    <header className={classes.header}>
      <div className={classes.words}>
        <nav className={classes.trail} aria-label="Breadcrumb">
          {trail.map((step) => (
            <span key={step.to}>
              <Link to={step.to}>{step.text}</Link>
              <span aria-hidden="true"> / </span>
            </span>
          ))}
        </nav>
        <div className={classes.line}>
          <h1 className={classes.title}>{title}</h1>
          {status}
        </div>
        {about && <p className={classes.about}>{about}</p>}
      </div>
      <div className={classes.actions}>
        {actions}
        {asked && <SourceMenu asked={asked} />}
      </div>
    </header>
  );
}
