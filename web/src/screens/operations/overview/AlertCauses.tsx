import type { Alert } from '@tidemill/sdk';
import { LinkedText, ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import classes from './Overview.module.css';

/** One alert with what caused it. */
export function AlertCauses({ alert }: { readonly alert: Alert }) {
  return (
    <li className={classes.alert} data-state={alert.state}>
      <div className={classes.alertHead}>
        <ReferenceLink kind="alert" to={alert.id} text={alert.title} />
        <span className="dim">
          <Time at={alert.openedAt} />
        </span>
      </div>
      {alert.causes.map((cause) => (
        <p key={`${cause.column}-${cause.text}`} className={classes.cause}>
          <LinkedText>{cause.text}</LinkedText>
        </p>
      ))}
    </li>
  );
}
