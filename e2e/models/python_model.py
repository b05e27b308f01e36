"""Logs and registers a scikit-learn regression with the real mlflow client, and tells what it must be judged as.

    python python_model.py DATA_CSV
"""

import json
import sys

import mlflow
import numpy
import pandas
from mlflow.models import infer_signature
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

random = numpy.random.default_rng(3)
rows = pandas.DataFrame({"day": pandas.date_range("2024-01-01", periods=300).astype(str)})
rows["warm"] = random.normal(15, 8, 300)
rows["rooms"] = random.integers(1, 6, 300)
rows["sales"] = 20 + 3 * rows["warm"] - 5 * rows["rooms"] + random.normal(0, 4, 300)
rows.to_csv(sys.argv[1], index=False)
rows = pandas.read_csv(sys.argv[1])

earlier, later = rows[:240], rows[240:]
features = ["warm", "rooms"]
model = RandomForestRegressor(n_estimators=20, random_state=1).fit(earlier[features], earlier["sales"])
with mlflow.start_run():
    mlflow.sklearn.log_model(
        model,
        name="forest",
        signature=infer_signature(earlier[features], model.predict(earlier[features])),
        input_example=earlier[features].head(3),
        serialization_format="cloudpickle",
        registered_model_name="forest",
    )
predicted = model.predict(later[features])
print(
    json.dumps(
        {
            "rmse": root_mean_squared_error(later["sales"], predicted),
            "mae": mean_absolute_error(later["sales"], predicted),
        }
    )
)
