import './arena';
