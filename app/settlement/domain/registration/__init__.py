"""Technology contract registration 技术合同认定登记: the record, the form's mapping, the linter."""
