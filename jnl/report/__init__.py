"""Make one page, with figures and tables, from any number of workdirs."""
