"""Income sharing 收益分配: pure rules, from the contract's money to each person's fen."""
