"""The full-text index that candidates come from: disposable, made from the database."""
