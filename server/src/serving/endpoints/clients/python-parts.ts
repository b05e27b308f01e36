/** The parts of a generated client in Python that no signature changes. */

export const clientOf = (endpoint: string, name: string): string => `
class ${name}Error(Exception):
    """What was refused or failed. \`status\` is 0 where no reply came, \`remedy\` says what to do about it."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int,
        details: Optional[Mapping[str, Any]] = None,
        request_id: Optional[str] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details = dict(details or {})
        self.request_id = request_id
        self.retry_after = retry_after
        self.remedy = message.partition(". ")[2]


class ${name}Client:
    """Asks the endpoint ${endpoint}.

    >>> client = ${name}Client("https://ml.example", token="tdm_...")  # doctest: +SKIP
    >>> client.predict(record)["value"]  # doctest: +SKIP
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:4600",
        token: Optional[str] = None,
        timeout: float = 10.0,
        retries: int = 2,
    ) -> None:
        """\`timeout\`, in seconds, is for a call with all its retries: after 429, 503 or no reply it is tried again."""
        self._address = url.rstrip("/") + ${JSON.stringify(`/api/v1/endpoints/${endpoint}/predict`)}
        self._token = token
        self._timeout = timeout
        self._retries = retries

    def predict(self, record: ${name}Input, **options: Any) -> ${name}Prediction:
        """Predicts one record; takes the options of \`predict_many\`. Raises ${name}Error."""
        return self.predict_many([record], **options)["predictions"][0]

    def predict_many(
        self,
        records: Sequence[${name}Input],
        *,
        event_time: Union[str, float, None] = None,
        request_id: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> ${name}Reply:
        """Predicts up to 1000 records in one request.

        By \`idempotency_key\` the server knows a retry, so that it is answered and logged once; each call has a new one by default.
        Raises ${name}Error.
        """
        body: Dict[str, Any] = {"records": list(records)}
        if event_time is not None:
            body["eventTime"] = event_time
        if request_id is not None:
            body["requestId"] = request_id
        key = idempotency_key or (uuid.uuid4().hex if self._retries > 0 else None)
        return self._ask(json.dumps(body).encode(), key)

    def _ask(self, body: bytes, key: Optional[str]) -> ${name}Reply:
        until = time.monotonic() + self._timeout
        attempt = 0
        while True:
            try:
                return self._ask_once(body, key, until - time.monotonic())
            except ${name}Error as failure:
                wait = max(min(5.0, 0.1 * 2**attempt) * random.uniform(0.5, 1.0), failure.retry_after or 0.0)
                passing = failure.status in (429, 503) or failure.code == "unreachable"
                if key is None or attempt >= self._retries or not passing or time.monotonic() + wait >= until:
                    raise
            time.sleep(wait)
            attempt += 1

    def _ask_once(self, body: bytes, key: Optional[str], timeout: float) -> ${name}Reply:
        headers = {"Content-Type": "application/json"}
        if self._token is not None:
            headers["Authorization"] = "Bearer " + self._token
        if key is not None:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(self._address, data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=max(0.001, timeout)) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                raise _to_failure(error.code, error.headers.get("Retry-After"), error.read()) from None
        except TimeoutError:
            self._raise_late()
        except OSError as error:
            if isinstance(getattr(error, "reason", None), TimeoutError):
                self._raise_late()
            message = f"{self._address} cannot be reached: {error}. Try again when the server answers."
            raise ${name}Error("unreachable", message, 0) from error

    def _raise_late(self) -> NoReturn:
        message = f"No reply from {self._address} within {self._timeout} s. Try again, or raise timeout."
        raise ${name}Error("timeout", message, 0) from None


def _to_failure(status: int, retry_after: Optional[str], text: bytes) -> ${name}Error:
    wait = _parse_retry_after(retry_after)
    try:
        error = json.loads(text)["error"]
        return ${name}Error(
            error["code"], error["message"], status, error.get("details"), error.get("requestId"), wait
        )
    except (ValueError, KeyError, TypeError):
        message = f"The reply has the status {status} and is not from Tidemill: {text[:200]!r}"
        return ${name}Error("replyUnreadable", message, status, retry_after=wait)


def _parse_retry_after(header: Optional[str]) -> Optional[float]:
    """Seconds, or a date."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


class ${name}Double:
    """Stands in for the client in tests, without a server.

    Records are checked as the server checks them; answers, failures and latency are yours. \`answer\` is a value, or a function of the
    record that gives a value or a whole prediction, or raises.

    >>> double = ${name}Double(answer=42.0)
    >>> double.calls
    []
    """

    def __init__(self, answer: Union[${name}Value, Callable[[${name}Input], Any]], latency: float = 0.0) -> None:
        self.answer = answer
        self.latency = latency
        self.calls: List[Dict[str, Any]] = []
        self._failures: List[${name}Error] = []
        self._replies: Dict[str, ${name}Reply] = {}

    def fail_next(self, *failures: ${name}Error) -> None:
        """The next calls fail so, one each."""
        self._failures.extend(failures)

    def predict(self, record: ${name}Input, **options: Any) -> ${name}Prediction:
        return self.predict_many([record], **options)["predictions"][0]

    def predict_many(
        self,
        records: Sequence[${name}Input],
        *,
        event_time: Union[str, float, None] = None,
        request_id: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> ${name}Reply:
        self.calls.append(
            {
                "records": [dict(record) for record in records],
                "event_time": event_time,
                "request_id": request_id,
                "idempotency_key": idempotency_key,
            }
        )
        time.sleep(self.latency)
        if self._failures:
            raise self._failures.pop(0)
        if idempotency_key in self._replies:
            return self._replies[idempotency_key]
        if not records:
            raise ${name}Error("requestInvalid", "There is no record. Send at least one.", 400)
        if len(records) > 1000:
            message = f"{len(records)} records. Send at most 1000 in a request."
            raise ${name}Error("recordsTooMany", message, 413)
        base = request_id or f"prediction_{len(self.calls)}"
        warnings = [_check(record, index) for index, record in enumerate(records)]
        predictions: List[Any] = []
        for index, record in enumerate(records):
            said = self.answer(record) if callable(self.answer) else self.answer
            given = said if isinstance(said, dict) else {"value": said}
            usual = {"id": f"{base}-{index}", "variant": "double", "model": "double@1", "source": "model"}
            predictions.append({**usual, "warnings": warnings[index], **given})
        reply: ${name}Reply = {
            "endpoint": "double",
            "revision": 1,
            "predictions": predictions,
            "fallbackReason": None,
            "milliseconds": {"total": 0.0},
        }
        if idempotency_key is not None:
            self._replies[idempotency_key] = reply
        return reply


def _check(record: Mapping[str, Any], index: int) -> List[str]:
    warnings = []
    for field, kind, required, minimum, maximum in ${name.toUpperCase()}_FIELDS:
        value = record.get(field)
        problem = _problem_of(kind, required, value)
        if problem is not None:
            code = "entityKeyMissing" if kind == "key" else "featureInvalid"
            message = f"Record {index}, feature '{field}': {problem}. Send what the model takes."
            details = {"record": index, "feature": field, "problem": problem}
            raise ${name}Error(code, message, 400, details)
        if minimum is None or isinstance(value, (str, bool)) or value is None:
            continue
        if value > maximum:
            warnings.append(f"{field} {value} is above the training maximum {maximum}")
        elif value < minimum:
            warnings.append(f"{field} {value} is below the training minimum {minimum}")
    return warnings


def _problem_of(kind: str, required: bool, value: Any) -> Optional[str]:
    if value is None:
        return "it is missing" if required else None
    if kind == "key":
        return None if isinstance(value, (str, int, float, bool)) else f"{value!r} is no text, number or boolean"
    if kind == "text":
        return None if isinstance(value, str) else f"{value!r} is no text"
    if kind == "datetime":
        return None if isinstance(value, (str, int, float)) else f"{value!r} is no time"
    if isinstance(value, bool):
        return None
    if not isinstance(value, (int, float)):
        return f"{value!r} is not a number"
    if not math.isfinite(value):
        return f"it is {value}"
    if kind == "integer" and value != int(value):
        return f"{value!r} is no integer"
    return f"{value!r} is no boolean" if kind == "boolean" and value not in (0, 1) else None
`;
