"""One page, figures and tables of any number of workdirs."""
